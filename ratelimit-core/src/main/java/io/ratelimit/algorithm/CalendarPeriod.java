package io.ratelimit.algorithm;

import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.time.temporal.TemporalAdjusters;
import java.time.zone.ZoneOffsetTransition;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A unit of the calendar that fixed windows can follow, in a time zone.
 *
 * <p>A day has 23 or 25 hours when the clocks change, and a month has 28 to 31 days. The quota is the same for each of
 * them.
 */
public enum CalendarPeriod {

    /** From full hour to full hour; written {@code 100/1h}. */
    HOUR(Duration.ofHours(1)),

    /** From midnight to midnight; written {@code 100/1d}. */
    DAY(Duration.ofDays(1)),

    /** From Monday to Monday; written {@code 100/1w}. */
    WEEK(Duration.ofDays(7)),

    /** From the first of a month to the first of the next; written {@code 100/30d}. */
    MONTH(Duration.ofDays(30));

    private final Duration nominal;

    CalendarPeriod(Duration nominal) {
        this.nominal = nominal;
    }

    /** {@return the period that a rate over this window is written with, such as 30 days for a month} */
    public Duration nominal() {
        return nominal;
    }

    String text() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Returns the start and the end of the window that contains an instant. */
    Instant[] around(Instant instant, ZoneId zone) {
        if (this == HOUR) {
            return hour(instant, zone);
        }
        LocalDate first = first(instant.atZone(zone).toLocalDate());
        LocalDate next = this == DAY ? first.plusDays(1) : this == WEEK ? first.plusWeeks(1) : first.plusMonths(1);
        return new Instant[] {start(first, zone), start(next, zone)};
    }

    private LocalDate first(LocalDate date) {
        return switch (this) {
            case HOUR, DAY -> date;
            case WEEK -> date.minusDays(date.getDayOfWeek().getValue() - 1L);
            case MONTH -> date.with(TemporalAdjusters.firstDayOfMonth());
        };
    }

    private static Instant start(LocalDate date, ZoneId zone) {
        return date.atStartOfDay(zone).toInstant();
    }

    /**
     * If the clocks change by less than an hour, as on Lord Howe Island, each part of that hour is a window of its own.
     */
    private static Instant[] hour(Instant instant, ZoneId zone) {
        ZonedDateTime local = instant.atZone(zone);
        Instant start = instant.minusSeconds(local.getMinute() * 60L + local.getSecond())
                .minusNanos(local.getNano());
        Instant end = start.plus(HOUR.nominal);
        ZoneOffsetTransition last = zone.getRules().previousTransition(instant.plusNanos(1));
        ZoneOffsetTransition next = zone.getRules().nextTransition(instant);
        return new Instant[] {
            isPart(last) && last.getInstant().isAfter(start) ? last.getInstant() : start,
            isPart(next) && next.getInstant().isBefore(end) ? next.getInstant() : end
        };
    }

    private static boolean isPart(@Nullable ZoneOffsetTransition change) {
        return change != null && change.getDuration().toSeconds() % 3600 != 0;
    }
}
