package io.ratelimit;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class UnknownLimitExceptionTests {

    @ParameterizedTest
    @CsvSource({"serch,search", "searhc,search", "Search,search", "logn,login", "login-user,login-users", "zzzz,", "'',"
    })
    void suggestsTheNearestName(String name, String nearest) {
        UnknownLimitException ex = new UnknownLimitException(name, List.of("search", "login", "login-users", "report"));
        assertThat(ex.getNearest().orElse(null)).isEqualTo(nearest);
        assertThat(ex.getName()).isEqualTo(name);
    }

    @Test
    void masksUnprintableCharactersOfTheName() {
        assertThat(new UnknownLimitException("gold\r\n\u2028ERROR \u00e4", List.of("search")))
                .hasMessage("Unknown limit \"gold???ERROR ?\". Known limits: [search]");
    }

    @Test
    void listsAllNamesInOrder() {
        assertThat(new UnknownLimitException("serch", List.of("search", "login")))
                .hasMessage("Unknown limit \"serch\"; did you mean \"search\"? Known limits: [login, search]");
        assertThat(new UnknownLimitException("x", List.of("search")))
                .hasMessage("Unknown limit \"x\". Known limits: [search]");
    }
}
