package io.ratelimit.redis;

import static org.assertj.core.api.Assertions.assertThat;

import io.ratelimit.algorithm.CalendarPeriod;
import io.ratelimit.algorithm.CalendarWindows;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.List;
import org.junit.jupiter.api.Test;

class CalendarWindowRangeTests {

    private static final ZoneId BERLIN = ZoneId.of("Europe/Berlin");
    private static final CalendarWindows DAYS = new CalendarWindows(CalendarPeriod.DAY, BERLIN);
    private static final CalendarWindows HOURS = new CalendarWindows(CalendarPeriod.HOUR, BERLIN);
    private static final long NOW = Instant.parse("2026-03-28T12:00:00Z").toEpochMilli();

    @Test
    void aCallWithoutAWaitIncludesItsWindowAndTheAdjacentOnes() {
        assertThat(texts(CalendarWindowRange.around(NOW, 0).of(DAYS)))
                .containsExactly(
                        "2026-03-26T23:00:00Z/2026-03-27T23:00:00Z",
                        "2026-03-27T23:00:00Z/2026-03-28T23:00:00Z",
                        "2026-03-28T23:00:00Z/2026-03-29T22:00:00Z");
    }

    @Test
    void aCallWithAWaitIncludesTheWindowsUpToTheOneAfterItsLatestGrant() {
        List<long[]> windows =
                CalendarWindowRange.around(NOW, Duration.ofDays(2).toMillis()).of(DAYS);
        assertThat(windows).hasSize(5);
        assertThat(texts(windows).get(4)).isEqualTo("2026-03-30T22:00:00Z/2026-03-31T22:00:00Z");
        for (int i = 1; i < windows.size(); i++) {
            assertThat(windows.get(i)[0]).isEqualTo(windows.get(i - 1)[1]);
        }
    }

    @Test
    void aLongWaitOverShortWindowsIncludesAFewAndThoseThatWereMissed() {
        long wait = Duration.ofDays(3650).toMillis();
        CalendarWindowRange first = CalendarWindowRange.around(NOW, wait);
        assertThat(first.of(HOURS)).hasSize(32);
        long missed = NOW + wait / 2;
        List<long[]> windows = first.with(NOW + 5, missed).of(HOURS);
        assertThat(windows).hasSize(64);
        assertThat(windows.get(32)[0]).isLessThanOrEqualTo(missed);
        assertThat(windows.get(32)[1]).isGreaterThan(missed);
    }

    @Test
    void aServerWithAnotherTimeGetsTheWindowsAroundItsOwnTime() {
        long server = Instant.parse("2001-09-09T01:46:40Z").toEpochMilli();
        assertThat(CalendarWindowRange.around(NOW, 0).with(server, server).of(DAYS))
                .hasSize(3)
                .anySatisfy(window -> assertThat(server).isBetween(window[0], window[1] - 1));
    }

    private static List<String> texts(List<long[]> windows) {
        return windows.stream()
                .map(window -> Instant.ofEpochMilli(window[0]) + "/" + Instant.ofEpochMilli(window[1]))
                .toList();
    }
}
