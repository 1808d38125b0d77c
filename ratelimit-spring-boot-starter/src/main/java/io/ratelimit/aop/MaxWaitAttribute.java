package io.ratelimit.aop;

import io.ratelimit.Limit;
import io.ratelimit.algorithm.InvalidLimitException;
import java.time.Duration;
import org.springframework.format.datetime.standard.DurationFormatterUtils;

/** The {@code maxWait} of a declaration. */
record MaxWaitAttribute(AnnotationAttribute origin, Duration duration) {

    /** @throws InvalidRateLimitedException if the text is no duration */
    static MaxWaitAttribute of(AnnotationAttribute origin) {
        try {
            return new MaxWaitAttribute(origin, DurationFormatterUtils.detectAndParse(origin.value()));
        } catch (IllegalArgumentException ex) {
            throw origin.invalid("is no duration", "write for example 500ms, 5s or PT1M30S", ex);
        }
    }

    /** @throws InvalidRateLimitedException if calls of the limit cannot wait so long */
    void check(Limit limit) {
        try {
            limit.requireWait(duration);
        } catch (InvalidLimitException ex) {
            throw origin.invalid(ex.getRule() + " (limit \"" + limit.name() + "\")", ex.getFix(), ex);
        }
    }
}
