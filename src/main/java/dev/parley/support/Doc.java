package dev.parley.support;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** What a setting means to an operator, for the table in OPERATIONS.md. */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.METHOD)
public @interface Doc {

    /** Markdown: a noun phrase, without a period at the end. */
    String value();

    /** The accepted values, if neither its type nor {@link Bounds} states them. */
    String bounds() default "";

    /** The effect of not setting it, if it has no default. */
    String unset() default "not set";
}
