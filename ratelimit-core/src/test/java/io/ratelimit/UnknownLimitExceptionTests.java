package io.ratelimit;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.AbstractCollection;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
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
    void listsTheMostSimilarOfManyNames() {
        List<String> names = new ArrayList<>(List.of("search"));
        for (int i = 0; i < 1_999; i++) {
            names.add("tenant-" + i);
        }
        UnknownLimitException ex = new UnknownLimitException("serch", names);
        assertThat(ex.getNearest()).contains("search");
        assertThat(ex.getKnown()).hasSize(100).contains("search");
        assertThat(ex)
                .hasMessageContaining("; did you mean \"search\"? Known limits: [search, tenant-")
                .hasMessageEndingWith("] and 1900 more");
    }

    @Test
    void searchesAtMost2000Names() {
        AtomicInteger searched = new AtomicInteger();
        Collection<String> names = new AbstractCollection<>() {
            @Override
            public Iterator<String> iterator() {
                return IntStream.range(0, size())
                        .peek(i -> searched.incrementAndGet())
                        .mapToObj(i -> "tenant-" + i)
                        .iterator();
            }

            @Override
            public int size() {
                return 1_000_000;
            }
        };
        assertThat(new UnknownLimitException("tenant", names)).hasMessageEndingWith("] and 999900 more");
        assertThat(searched).hasValueLessThan(5_000);
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
