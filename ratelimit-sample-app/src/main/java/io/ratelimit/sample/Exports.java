package io.ratelimit.sample;

import io.ratelimit.annotation.RateLimited;
import io.ratelimit.sample.Catalogue.Product;
import java.time.Duration;
import java.util.Optional;
import org.springframework.jdbc.core.DataClassRowMapper;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Service;
import reactor.core.publisher.Flux;

/** Exports products in long responses, of which each user may have two at the same time. */
@Service
class Exports {

    private static final Duration PAUSE = Duration.ofMillis(10);

    private final JdbcClient database;

    Exports(JdbcClient database) {
        this.database = database;
    }

    /**
     * Returns the products one by one, each read after the previous one was written. The call holds a permit of the
     * user until the export is complete or the client disconnects.
     */
    @RateLimited(limit = "export", key = "#user")
    Flux<Product> export(String user, int rows) {
        return Flux.generate(() -> 1, (row, sink) -> {
            Optional<Product> product = row > rows ? Optional.empty() : slowly(row);
            product.ifPresentOrElse(sink::next, sink::complete);
            return row + 1;
        });
    }

    private Optional<Product> slowly(int row) {
        try {
            Thread.sleep(PAUSE.toMillis());
        } catch (InterruptedException ex) {
            Thread.currentThread().interrupt();
        }
        return database.sql("select id, name, category, price from product where id = ?")
                .param(row)
                .query(DataClassRowMapper.newInstance(Product.class))
                .optional();
    }
}
