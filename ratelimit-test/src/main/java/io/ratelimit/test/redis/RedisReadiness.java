package io.ratelimit.test.redis;

import java.io.IOException;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** Waits for servers to start and to agree with each other. */
final class RedisReadiness {

    private static final long START_MILLIS = 10_000;

    /** Long enough for sentinels, which do nothing for thirty seconds after they were paused for two seconds. */
    private static final long AGREEMENT_MILLIS = 60_000;

    private RedisReadiness() {}

    /**
     * Waits until a server answers. An answer that asks for a password counts.
     *
     * @param log read if the server does not answer, for the exception's text
     * @throws IllegalStateException if the server ends, or does not answer within ten seconds
     */
    static void awaitAnswer(int port, BooleanSupplier alive, Supplier<String> log) {
        long deadline = System.nanoTime() + START_MILLIS * 1_000_000;
        while (System.nanoTime() < deadline && alive.getAsBoolean()) {
            if (answers(port)) {
                return;
            }
            pause();
        }
        throw new IllegalStateException("Redis did not start on port " + port + ". " + log.get());
    }

    /**
     * Waits until several servers agree.
     *
     * @param failure the exception's text, which says on which point they disagree
     * @throws IllegalStateException if they do not agree within sixty seconds
     */
    static void awaitAgreement(BooleanSupplier done, Supplier<String> failure) {
        long deadline = System.nanoTime() + AGREEMENT_MILLIS * 1_000_000;
        while (!done.getAsBoolean()) {
            if (System.nanoTime() > deadline) {
                throw new IllegalStateException(failure.get());
            }
            pause();
        }
    }

    private static void pause() {
        try {
            Thread.sleep(20);
        } catch (InterruptedException ex) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("Interrupted while waiting for Redis", ex);
        }
    }

    private static boolean answers(int port) {
        try (RespConnection connection = new RespConnection(RedisRuntime.HOST, port)) {
            connection.command("PING");
            return true;
        } catch (IllegalStateException ex) {
            return String.valueOf(ex.getMessage()).contains("NOAUTH");
        } catch (IOException ex) {
            return false;
        }
    }
}
