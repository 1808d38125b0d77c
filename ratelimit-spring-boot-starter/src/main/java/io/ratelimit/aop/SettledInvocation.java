package io.ratelimit.aop;

import io.ratelimit.Charge;
import io.ratelimit.aop.RateLimitedMethod.CallCharges;
import io.ratelimit.expression.CallSnapshot;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.ToLongBiFunction;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * An admitted call whose charges are settled when it ends. If the settlement fails, the charge stays and the caller
 * still gets its result.
 *
 * @param method the name of the method for messages
 */
record SettledInvocation(AdmittedInvocation admitted, CallCharges callCharges, CallSnapshot call, String method)
        implements DecidedInvocation {

    private static final Log LOG = LogFactory.getLog(SettledInvocation.class);

    @Override
    public @Nullable Object run() throws Throwable {
        return admitted.run();
    }

    @Override
    public boolean isFollowed() {
        return true;
    }

    @Override
    public void succeeded(@Nullable Object result) {
        try {
            settle((spec, charge) -> spec.settle().used(charge, call, result));
        } finally {
            admitted.succeeded(result);
        }
    }

    @Override
    public void failed(Throwable failure) {
        try {
            settle((spec, charge) -> spec.settle().used(charge, failure));
        } finally {
            admitted.failed(failure);
        }
    }

    @Override
    public void abandoned() {
        admitted.abandoned();
    }

    @Override
    public void dropped() {
        admitted.dropped();
    }

    @Override
    public Runnable release() {
        return admitted.release();
    }

    private void settle(ToLongBiFunction<RateLimitSpec, Charge> used) {
        try {
            List<Charge> charges = new ArrayList<>(callCharges.charges().size());
            boolean changed = false;
            for (int i = 0; i < callCharges.charges().size(); i++) {
                Charge charge = callCharges.charges().get(i);
                long cost = charge.lease() == 0
                        ? used.applyAsLong(callCharges.specs().get(i), charge)
                        : charge.cost();
                changed |= cost != charge.cost();
                charges.add(new Charge(charge.limit(), charge.key(), cost));
            }
            if (changed) {
                admitted.registry().settle(admitted.decision(), charges).whenComplete((done, failure) -> warn(failure));
            }
        } catch (Throwable ex) {
            warn(ex);
        }
    }

    private void warn(@Nullable Throwable failure) {
        if (failure != null && warned().compareAndSet(false, true)) {
            LOG.warn("Calls of " + method + " keep their charge, because settling it failed", failure);
        }
    }

    private AtomicBoolean warned() {
        return callCharges.specs().stream()
                .filter(RateLimitSpec::settles)
                .findFirst()
                .orElseThrow()
                .settle()
                .warned();
    }
}
