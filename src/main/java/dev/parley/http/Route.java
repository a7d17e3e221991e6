package dev.parley.http;

import io.netty.handler.codec.http.HttpMethod;

/**
 * One thing to ask for.
 *
 * @param method a route for GET serves HEAD too; a handler that streams looks at {@link Exchange#headOnly} then
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
