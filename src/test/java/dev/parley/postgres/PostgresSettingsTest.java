package dev.parley.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.r2dbc.spi.ConnectionFactoryOptions;
import io.r2dbc.spi.Option;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class PostgresSettingsTest {

    @Test
    void aUrlIsAsPsqlTakesIt() {
        ConnectionFactoryOptions options = PostgresSettings.options("postgresql://db:5433/parley?sslMode=verify-full");

        assertThat(options.getValue(ConnectionFactoryOptions.HOST)).isEqualTo("db");
        assertThat(options.getValue(ConnectionFactoryOptions.PORT)).isEqualTo(5433);
        assertThat(options.getValue(ConnectionFactoryOptions.DATABASE)).isEqualTo("parley");
        assertThat(options.getValue(Option.valueOf("sslMode"))).isEqualTo("verify-full");
    }

    @Test
    void severalHostsAreTriedInTurn() {
        ConnectionFactoryOptions options =
                PostgresSettings.options("postgres://a:5432,b:5432/parley?targetServerType=primary");

        assertThat(options.getValue(ConnectionFactoryOptions.PROTOCOL)).isEqualTo("failover");
        assertThat(options.getValue(ConnectionFactoryOptions.HOST)).isEqualTo("a:5432,b:5432");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "db",
                "mysql://db/parley",
                "postgresql://db",
                "postgresql:///parley",
                "postgresql://me:secret@db/parley",
                "r2dbc:postgresql://db/parley"
            })
    void whatIsNoneIsRefused(String url) {
        assertThatThrownBy(() -> PostgresSettings.options(url)).isInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "?sslMode=verify-full",
                "?sslmode=require&schema=parley",
                "?targetServerType=primary&loadBalanceHosts=true",
                "?channelBinding=require&sslSni=false&sslNegotiation=postgres"
            })
    void optionsOfTheDriverAreTaken(String options) {
        assertThat(PostgresSettings.problem("postgresql://db/parley" + options)).isNull();
    }

    @ParameterizedTest
    @CsvSource({
        "sslrootcert=ca.pem, sslrootcert",
        "sslPassword=secret, sslPassword",
        "sslMode=verify, sslMode",
        "sslMode=verify-full&sslRootCert=/nowhere/ca.pem, sslRootCert",
        "nope, nope",
        "'', ''",
        "password=secret, password"
    })
    void anOptionThatWouldBePassedOverOrCanNotBeUsedIsNamedAndItsValueIsNot(String options, String named) {
        assertThat(PostgresSettings.problem("postgresql://db/parley?" + options))
                .contains(named)
                .doesNotContain("secret");
    }
}
