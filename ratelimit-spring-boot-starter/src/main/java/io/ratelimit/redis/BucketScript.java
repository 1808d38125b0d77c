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
 * The script that decides, and how a server comes to know it.
 *
 * <p>It is called by its hash. A server that does not know it, after a restart or {@code SCRIPT FLUSH} or as one more node of a
 * cluster, says so and gets the text. Servers from version 7 on read in its first line that it may run when memory is
 * short; older ones do not compile that line, and get the script without it from their first answer on.
 */
final class BucketScript {

    /** The files of the script, in the order in which they are joined. */
    static final List<String> FILES = List.of(
            "protocol.lua",
            "fast_path.lua",
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

    private static final String PACKAGED =
            FILES.stream().map(BucketScript::read).collect(Collectors.joining("\n"));
    private static final String FLAGS = "#!lua flags=allow-oom\n";
    private static final long RETRY_MILLIS = 10;

    private final RedisDriver driver;
    private final Text plain;
    private final ServerTime time = new ServerTime();
    private final LongAdder healed = new LongAdder();
    private volatile Text text;

    BucketScript(RedisDriver driver, String lua) {
        this.driver = driver;
        this.plain = Text.of(lua);
        this.text = Text.of(FLAGS + lua);
    }

    /** Returns the script, joined from its files. */
    static String packaged() {
        return PACKAGED;
    }

    private static String read(String file) {
        try (InputStream in = BucketScript.class.getResourceAsStream("lua/" + file)) {
            if (in == null) {
                throw new IllegalStateException("lua/" + file + " is missing from the class path");
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
        return time.millis();
    }

    /**
     * Runs the script once; a slot that is being moved is asked again for those who still wait by then.
     *
     * @return what tells the answer to those who asked
     */
    CompletableFuture<Runnable> run(Batch batch) {
        Text current = text;
        return answer(driver.evalSha(current.sha, batch.keys(), batch.arguments()), current, batch);
    }

    private CompletableFuture<Runnable> answer(CompletableFuture<List<Object>> reply, Text tried, Batch batch) {
        return reply.<Runnable>thenApply(numbers -> () -> tell(batch, numbers))
                .exceptionallyCompose(failure -> recover(failure, tried, batch.wanted()));
    }

    private void tell(Batch batch, List<Object> reply) {
        try {
            time.told(batch.answered(reply, healed));
        } catch (RuntimeException ex) {
            batch.failed(ex);
        }
    }

    private CompletableFuture<Runnable> recover(Throwable failure, Text tried, Batch batch) {
        String answer = RedisError.answer(failure);
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

    private CompletableFuture<Runnable> load(Text tried, Batch batch) {
        return answer(driver.eval(tried.bytes, batch.keys(), batch.arguments()), tried, batch);
    }

    private record Text(byte[] bytes, String sha) {

        static Text of(String lua) {
            byte[] bytes = lua.getBytes(StandardCharsets.UTF_8);
            try {
                byte[] hash = MessageDigest.getInstance("SHA-1").digest(bytes);
                return new Text(bytes, HexFormat.of().formatHex(hash));
            } catch (NoSuchAlgorithmException ex) {
                throw new IllegalStateException("Every Java platform has SHA-1", ex);
            }
        }
    }
}
