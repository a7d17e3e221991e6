package dev.parley.http;

import dev.parley.error.ParleyException;
import io.netty.handler.codec.http.QueryStringDecoder;
import java.net.URI;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The path and query of a request.
 *
 * @param path the path's segments, still percent-encoded
 * @param query the query's parameters, decoded
 */
record RequestTarget(List<String> path, Map<String, List<String>> query) {

    /** @throws ParleyException {@code bad_request} when the target is malformed */
    static RequestTarget of(String requestTarget) {
        try {
            QueryStringDecoder decoder = decoder(requestTarget);
            return new RequestTarget(PathTemplate.split(decoder.rawPath()), decoder.parameters());
        } catch (IllegalArgumentException e) {
            throw ParleyException.badRequest("the request's target is malformed: it must be a URI reference");
        }
    }

    /** Decodes what a template took out of the path. */
    static Map<String, String> decode(Map<String, String> parameters) {
        Map<String, String> decoded = new HashMap<>();
        parameters.forEach((name, value) -> decoded.put(name, decode(name, value)));
        return decoded;
    }

    private static String decode(String name, String value) {
        try {
            // As a path, where + is a plus; decodeComponent would make it a space.
            return new QueryStringDecoder(value).path();
        } catch (IllegalArgumentException e) {
            throw ParleyException.badRequest(
                    name + " is malformed in the path: % must be followed by two hexadecimal digits");
        }
    }

    private static QueryStringDecoder decoder(String requestTarget) {
        QueryStringDecoder.Builder query = QueryStringDecoder.builder().semicolonIsNormalChar(true);
        // RFC 9112, section 3.2: servers must take the absolute form too.
        return requestTarget.startsWith("/") ? query.build(requestTarget) : query.build(URI.create(requestTarget));
    }
}
