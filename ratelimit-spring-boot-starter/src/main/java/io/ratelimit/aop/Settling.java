package io.ratelimit.aop;

import io.ratelimit.Charge;
import io.ratelimit.aop.LimitedMethod.Claim;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.ToLongBiFunction;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/** An admitted call that is charged anew when it ends. What goes wrong then keeps the charge, and the caller's result. */
record Settling(Admitted admitted, Claim claim, Call call) implements Outcome {

    private static final Log LOG = LogFactory.getLog(Settling.class);

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
            settle((rule, charge) -> rule.settlement().used(charge, call, result));
        } finally {
            admitted.succeeded(result);
        }
    }

    @Override
    public void failed(Throwable failure) {
        try {
            settle((rule, charge) -> rule.settlement().used(charge, failure));
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

    private void settle(ToLongBiFunction<Rule, Charge> used) {
        try {
            List<Charge> charges = new ArrayList<>(claim.charges().size());
            boolean changed = false;
            for (int i = 0; i < claim.charges().size(); i++) {
                Charge charge = claim.charges().get(i);
                long cost = charge.lease() == 0 ? used.applyAsLong(claim.rules().get(i), charge) : charge.cost();
                changed |= cost != charge.cost();
                charges.add(new Charge(charge.limit(), charge.key(), cost));
            }
            if (changed) {
                admitted.limiters().settle(admitted.decision(), charges).whenComplete((done, failure) -> warn(failure));
            }
        } catch (Throwable ex) {
            warn(ex);
        }
    }

    private void warn(@Nullable Throwable failure) {
        if (failure != null && warned().compareAndSet(false, true)) {
            LOG.warn("Calls of " + call.method() + " keep their charge, because it cannot be settled", failure);
        }
    }

    private AtomicBoolean warned() {
        return claim.rules().stream()
                .filter(Rule::settles)
                .findFirst()
                .orElseThrow()
                .settlement()
                .warned();
    }
}
