package dev.parley.openai;

import java.net.URI;

/** The URL of a model's API, without a slash at the end. */
public record UpstreamUrl(String value) {

    /** @throws IllegalArgumentException when it is not an HTTP URL, or has a user, a query or a fragment */
    public static UpstreamUrl parse(String text) {
        URI uri = URI.create(text);
        boolean web = "http".equalsIgnoreCase(uri.getScheme()) || "https".equalsIgnoreCase(uri.getScheme());
        if (!web
                || uri.getHost() == null
                || uri.getRawUserInfo() != null
                || uri.getRawQuery() != null
                || uri.getRawFragment() != null) {
            throw new IllegalArgumentException("not such a URL");
        }
        return new UpstreamUrl(text.replaceAll("/+$", ""));
    }

    @Override
    public String toString() {
        return value;
    }
}
