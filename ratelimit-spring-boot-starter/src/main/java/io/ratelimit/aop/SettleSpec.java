package io.ratelimit.aop;

import io.ratelimit.Charge;
import io.ratelimit.expression.CallSnapshot;
import io.ratelimit.expression.CostExpression;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * What a declaration says of a charge once its call ended.
 *
 * @param used what a call used that succeeded; null if it used what it was charged
 * @param refundOn the failures for which it is free
 * @param warned whether somebody was told that it does not work
 */
record SettleSpec(@Nullable CostExpression used, List<Class<? extends Throwable>> refundOn, AtomicBoolean warned) {

    static final SettleSpec AS_CHARGED = new SettleSpec(null, List.of());

    SettleSpec(@Nullable CostExpression used, List<Class<? extends Throwable>> refundOn) {
        this(used, refundOn, new AtomicBoolean());
    }

    /** Thousandths that a call used that succeeded. */
    long used(Charge charge, CallSnapshot call, @Nullable Object result) {
        return used == null ? charge.cost() : used.thousandths(charge.limit(), call.withResult(result));
    }

    /** Thousandths that a call used that failed. */
    long used(Charge charge, Throwable failure) {
        return refundOn.stream().anyMatch(type -> type.isInstance(failure)) ? 0 : charge.cost();
    }
}
