package io.ratelimit.redis;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;

/**
 * The script that decides, and how a server comes to know it.
 *
 * <p>It is called by its hash. A server that does not know it, after a restart or {@code SCRIPT FLUSH} or as one more node of a
 * cluster, says so and gets the text. Servers from version 7 on read in its first line that it may run when memory is
 * short; older ones do not compile that line, and get the script without it from their first answer on.
 */
final class RateLimitScript {

    private static final String FLAGS = "#!lua flags=allow-oom\n";
    private static final long RETRY_MILLIS = 10;

    private final RedisScriptClient client;
    private final ScriptSource plain;
    private final RedisServerClock clock = new RedisServerClock();
    private final LongAdder healed = new LongAdder();
    private volatile ScriptSource text;

    RateLimitScript(RedisScriptClient client, String lua) {
        this.client = client;
        this.plain = ScriptSource.of(lua);
        this.text = ScriptSource.of(FLAGS + lua);
    }

    /** The script as it is packaged. */
    static String packaged() {
        try (InputStream in = RateLimitScript.class.getResourceAsStream("decide.lua")) {
            if (in == null) {
                throw new IllegalStateException("decide.lua is missing from the class path");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException ex) {
            throw new UncheckedIOException(ex);
        }
    }

    /** How many values were not ours. */
    long healed() {
        return healed.sum();
    }

    /** The server's time as far as it is known, in milliseconds since the epoch. */
    long millis() {
        return clock.millis();
    }

    /**
     * Runs the script once; a slot that is being moved is asked again for those who still wait by then.
     *
     * @return what tells the answer to those who asked
     */
    CompletableFuture<Runnable> run(ScriptBatch batch) {
        ScriptSource current = text;
        return answer(client.evalSha(current.sha, batch.keys(), batch.arguments()), current, batch);
    }

    private CompletableFuture<Runnable> answer(
            CompletableFuture<List<Object>> reply, ScriptSource tried, ScriptBatch batch) {
        return reply.<Runnable>thenApply(numbers -> () -> tell(batch, numbers))
                .exceptionallyCompose(failure -> recover(failure, tried, batch.wanted()));
    }

    private void tell(ScriptBatch batch, List<Object> reply) {
        try {
            clock.told(batch.answered(reply, healed));
        } catch (RuntimeException ex) {
            batch.failed(ex);
        }
    }

    private CompletableFuture<Runnable> recover(Throwable failure, ScriptSource tried, ScriptBatch batch) {
        String answer = RedisErrorClassifier.answer(failure);
        if (batch.isEmpty()) {
            return CompletableFuture.failedFuture(failure);
        }
        if (answer.startsWith("NOSCRIPT")) {
            return load(tried, batch);
        }
        if (tried != plain && answer.contains("compiling script")) {
            text = plain;
            return load(plain, batch);
        }
        if (answer.startsWith("TRYAGAIN")) {
            Executor later = CompletableFuture.delayedExecutor(RETRY_MILLIS, TimeUnit.MILLISECONDS, Runnable::run);
            return CompletableFuture.supplyAsync(() -> run(batch), later).thenCompose(told -> told);
        }
        return CompletableFuture.failedFuture(failure);
    }

    private CompletableFuture<Runnable> load(ScriptSource tried, ScriptBatch batch) {
        return answer(client.eval(tried.bytes, batch.keys(), batch.arguments()), tried, batch);
    }

    private record ScriptSource(byte[] bytes, String sha) {

        static ScriptSource of(String lua) {
            byte[] bytes = lua.getBytes(StandardCharsets.UTF_8);
            try {
                byte[] hash = MessageDigest.getInstance("SHA-1").digest(bytes);
                return new ScriptSource(bytes, HexFormat.of().formatHex(hash));
            } catch (NoSuchAlgorithmException ex) {
                throw new IllegalStateException("Every Java platform has SHA-1", ex);
            }
        }
    }
}
