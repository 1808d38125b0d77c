package io.ratelimit.algorithm;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.time.ZoneId;
import java.time.temporal.ChronoUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class CalendarPeriodTests {

    @ParameterizedTest
    @CsvSource({
        "HOUR,  UTC,                 2026-03-29T00:30:00Z,     2026-03-29T00:00:00Z, 2026-03-29T01:00:00Z",
        "HOUR,  Asia/Kolkata,        2026-03-29T00:29:59.999Z, 2026-03-28T23:30:00Z, 2026-03-29T00:30:00Z",
        "HOUR,  Europe/Berlin,       2026-10-25T00:30:00Z,     2026-10-25T00:00:00Z, 2026-10-25T01:00:00Z",
        "HOUR,  Europe/Berlin,       2026-10-25T01:30:00Z,     2026-10-25T01:00:00Z, 2026-10-25T02:00:00Z",
        "HOUR,  Australia/Lord_Howe, 2026-04-04T14:45:00Z,     2026-04-04T14:00:00Z, 2026-04-04T15:00:00Z",
        "HOUR,  Australia/Lord_Howe, 2026-04-04T15:10:00Z,     2026-04-04T15:00:00Z, 2026-04-04T15:30:00Z",
        "DAY,   UTC,                 2026-03-29T23:59:59Z,     2026-03-29T00:00:00Z, 2026-03-30T00:00:00Z",
        "DAY,   Europe/Berlin,       2026-03-29T12:00:00Z,     2026-03-28T23:00:00Z, 2026-03-29T22:00:00Z",
        "DAY,   Europe/Berlin,       2026-10-25T12:00:00Z,     2026-10-24T22:00:00Z, 2026-10-25T23:00:00Z",
        "DAY,   America/Sao_Paulo,   2018-11-04T12:00:00Z,     2018-11-04T03:00:00Z, 2018-11-05T02:00:00Z",
        "WEEK,  UTC,                 2026-11-22T12:00:00Z,     2026-11-16T00:00:00Z, 2026-11-23T00:00:00Z",
        "WEEK,  UTC,                 2026-11-23T00:00:00Z,     2026-11-23T00:00:00Z, 2026-11-30T00:00:00Z",
        "MONTH, UTC,                 2024-02-29T12:00:00Z,     2024-02-01T00:00:00Z, 2024-03-01T00:00:00Z",
        "MONTH, Europe/Berlin,       2026-03-31T22:30:00Z,     2026-03-31T22:00:00Z, 2026-04-30T22:00:00Z",
    })
    void windowsBeginAndEndWhereTheCalendarDoes(
            CalendarPeriod period, String zone, Instant instant, Instant start, Instant end) {
        assertThat(period.around(instant, ZoneId.of(zone))).containsExactly(start, end);
    }

    @ParameterizedTest
    @EnumSource
    void windowsHaveNoGapsWhenClocksChange(CalendarPeriod period) {
        for (String zone : new String[] {"Europe/Berlin", "Australia/Lord_Howe", "America/Sao_Paulo", "Asia/Kolkata"}) {
            Instant instant = Instant.parse("2017-12-01T00:00:00Z");
            Instant end = instant.plus(500, ChronoUnit.DAYS);
            for (int steps = 0; instant.isBefore(end) && steps < 20_000; steps++) {
                Instant[] window = period.around(instant, ZoneId.of(zone));
                assertThat(window[0]).as("%s in %s", instant, zone).isBeforeOrEqualTo(instant);
                assertThat(window[1]).as("%s in %s", instant, zone).isAfter(instant);
                assertThat(period.around(window[1].minusMillis(1), ZoneId.of(zone)))
                        .isEqualTo(window);
                instant = window[1];
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {23, 25})
    void aDayOf23Or25HoursHasOneQuota(int hours) {
        FixedWindow window = FixedWindow.of(Rate.parse("10/1d"), CalendarPeriod.DAY, ZoneId.of("Europe/Berlin"));
        long start = Instant.parse(hours == 23 ? "2026-03-28T23:00:00Z" : "2026-10-24T22:00:00Z")
                .toEpochMilli();
        long[] state = window.consume(window.full(start), 10_000, start);
        long last = start + hours * 3_600_000L - 1;
        Observations observations = Observations.ofRates(1);
        window.observe(window.advance(state, last), last, 1, observations, 0);
        assertThat(window.ticksUntilAdmitted(observations, 0, 1)).isEqualTo(1);
        assertThat(window.isFull(window.advance(state, last + 1))).isTrue();
    }

    @Test
    void calendarWindowsAreToldByAnyInstantInThem() {
        CalendarWindows days = new CalendarWindows(CalendarPeriod.DAY, ZoneId.of("UTC"));
        assertThat(days.start(86_400_000)).isEqualTo(86_400_000);
        assertThat(days.start(2 * 86_400_000 - 1)).isEqualTo(86_400_000);
        assertThat(days.end(86_400_000)).isEqualTo(2 * 86_400_000);
        assertThat(days.start(0)).isZero();
        assertThat(days.end(0)).isEqualTo(86_400_000);
        assertThat(days).hasToString("DAY UTC");
    }
}
