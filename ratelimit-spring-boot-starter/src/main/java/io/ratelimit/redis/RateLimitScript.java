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
import java.util.stream.Collectors;

/**
 * Runs the Lua script that decides on the server.
 *
 * <p>The script is joined from the files in {@code lua} and called by its hash. If the server answers {@code NOSCRIPT},
 * for instance after a restart, a {@code SCRIPT FLUSH}, or on a new node of a cluster, the call is repeated with the
 * text.
 *
 * <p>The first line of the text is a flag that allows the script to run when the server is out of memory. Servers
 * before version 7 cannot compile this line. After their first error the script is sent without it.
 */
final class RateLimitScript {

    /** The files of the script, in the order in which they are joined. */
    static final List<String> FILES = List.of(
            "protocol.lua",
            "short_path.lua",
            "arithmetic.lua",
            "token_bucket.lua",
            "sliding_window_log.lua",
            "sliding_window_counter.lua",
            "fixed_window.lua",
            "concurrency_leases.lua",
            "algorithms.lua",
            "value.lua",
            "rates.lua",
            "bucket.lua",
            "write.lua",
            "arguments.lua",
            "reply.lua",
            "renew.lua",
            "decide.lua",
            "main.lua");

    /** The joined script, without the flags. */
    private static final String PACKAGED =
            FILES.stream().map(RateLimitScript::read).collect(Collectors.joining("\n"));

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

    /** Returns the packaged script: the files in order, with a blank line between. */
    static String packaged() {
        return PACKAGED;
    }

    private static String read(String file) {
        try (InputStream in = RateLimitScript.class.getResourceAsStream("lua/" + file)) {
            if (in == null) {
                throw new IllegalStateException("lua/" + file + " is missing from the class path");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException ex) {
            throw new UncheckedIOException(ex);
        }
    }

    /** Returns the number of stored values that this script did not write. */
    long healed() {
        return healed.sum();
    }

    /** Returns the estimated time of the server, in milliseconds since the epoch. */
    long millis() {
        return clock.millis();
    }

    /**
     * Runs the script for a batch. If the server answers {@code TRYAGAIN} because a slot is being moved, the script
     * runs again after a pause for the requests that have not timed out.
     *
     * @return an action that completes the requests of the batch
     */
    CompletableFuture<Runnable> run(ScriptBatch batch) {
        ScriptSource current = text;
        return answer(client.evalSha(current.sha, batch.keys(), batch.arguments()), current, batch);
    }

    private CompletableFuture<Runnable> answer(
            CompletableFuture<List<Object>> reply, ScriptSource tried, ScriptBatch batch) {
        return reply.<Runnable>thenApply(numbers -> () -> complete(batch, numbers))
                .exceptionallyCompose(failure -> recover(failure, tried, batch.wanted()));
    }

    private void complete(ScriptBatch batch, List<Object> reply) {
        try {
            // The callers that go on with their answers may need the time of the server for their next call.
            ScriptResults results = new ScriptResults(reply);
            clock.synchronize(results.millis());
            batch.complete(results, healed);
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
            return CompletableFuture.supplyAsync(() -> run(batch), later).thenCompose(completion -> completion);
        }
        return CompletableFuture.failedFuture(failure);
    }

    private CompletableFuture<Runnable> load(ScriptSource tried, ScriptBatch batch) {
        return answer(client.eval(tried.bytes, batch.keys(), batch.arguments()), tried, batch);
    }

    /** The text of the script and its SHA-1 hash. */
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
