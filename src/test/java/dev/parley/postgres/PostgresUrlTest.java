package dev.parley.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.r2dbc.postgresql.MultiHostConnectionStrategy.TargetServerType;
import io.r2dbc.spi.ConnectionFactoryOptions;
import io.r2dbc.spi.Option;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class PostgresUrlTest {

    @Test
    void aUrlIsAsPsqlTakesIt() {
        ConnectionFactoryOptions options = new PostgresUrl("postgresql://db:5433/parley?sslMode=verify-full").options();

        assertThat(options.getValue(ConnectionFactoryOptions.HOST)).isEqualTo("db");
        assertThat(options.getValue(ConnectionFactoryOptions.PORT)).isEqualTo(5433);
        assertThat(options.getValue(ConnectionFactoryOptions.DATABASE)).isEqualTo("parley");
        assertThat(options.getValue(Option.valueOf("sslMode"))).isEqualTo("verify-full");
    }

    @Test
    void severalHostsAreTriedInTurn() {
        ConnectionFactoryOptions options =
                new PostgresUrl("postgres://a:5432,b:5432/parley?targetServerType=primary").options();

        assertThat(options.getValue(ConnectionFactoryOptions.PROTOCOL)).isEqualTo("failover");
        assertThat(options.getValue(ConnectionFactoryOptions.HOST)).isEqualTo("a:5432,b:5432");
    }

    @Test
    void ofSeveralHostsItIsThePrimaryUnlessTheUrlSaysOtherwise() {
        Option<Object> type = Option.valueOf("targetServerType");

        assertThat(new PostgresUrl("postgresql://a,b:5433/parley").options().getValue(type))
                .isEqualTo(TargetServerType.PRIMARY);
        assertThat(new PostgresUrl("postgresql://a,b/parley?targetServerType=any")
                        .options()
                        .getValue(type))
                .isEqualTo("any");
        assertThat(new PostgresUrl("postgresql://a/parley").options().hasOption(type))
                .isFalse();
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
        assertThatThrownBy(() -> PostgresUrl.parse(url)).isInstanceOf(IllegalArgumentException.class);
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
        assertThat(new PostgresUrl("postgresql://db/parley" + options).problem())
                .isNull();
    }

    @ParameterizedTest
    @CsvSource({
        "sslrootcert=ca.pem, sslrootcert",
        "sslPassword=secret, sslPassword",
        "sslMode=verify, sslMode",
        "sslMode=verify-full&sslRootCert=/nowhere/ca.pem, sslRootCert",
        "nope, nope",
        "preparedStatementCacheQueries=256, preparedStatementCacheQueries",
        "lockWaitTimeout=5s, lockWaitTimeout",
        "'', ''",
        "password=secret, password"
    })
    void anOptionThatWouldBePassedOverOrCanNotBeUsedIsNamedAndItsValueIsNot(String options, String named) {
        assertThat(new PostgresUrl("postgresql://db/parley?" + options).problem())
                .contains(named)
                .doesNotContain("secret");
    }
}
