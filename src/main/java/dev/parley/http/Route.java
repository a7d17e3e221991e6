package dev.parley.http;

import io.netty.handler.codec.http.HttpMethod;

/**
 * A method and path, and their handler.
 *
 * @param method a route for GET also serves HEAD; a handler that streams must check {@link Exchange#headOnly} then
 * @param template a path from the root, where <code>{name}</code> stands for one segment that is not empty, such as
 *     <code>/v1/conversations/{id}/events</code>
 */
public record Route(HttpMethod method, String template, Handler handler) {

    public static Route get(String template, Handler handler) {
        return new Route(HttpMethod.GET, template, handler);
    }

    public static Route post(String template, Handler handler) {
        return new Route(HttpMethod.POST, template, handler);
    }

    boolean serves(HttpMethod asked) {
        return method.equals(asked) || (method.equals(HttpMethod.GET) && asked.equals(HttpMethod.HEAD));
    }
}
