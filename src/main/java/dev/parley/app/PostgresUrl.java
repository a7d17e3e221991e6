package dev.parley.app;

import dev.parley.postgres.PostgresSettings;
import io.r2dbc.spi.ConnectionFactoryOptions;

/** Where PostgreSQL is; nothing in it is secret, since user and password have keys of their own. */
record PostgresUrl(String value) {

    /** @throws IllegalArgumentException when it is no URL of PostgreSQL */
    static PostgresUrl parse(String text) {
        ConnectionFactoryOptions unused = PostgresSettings.options(text);
        return new PostgresUrl(text);
    }

    @Override
    public String toString() {
        return value;
    }
}
