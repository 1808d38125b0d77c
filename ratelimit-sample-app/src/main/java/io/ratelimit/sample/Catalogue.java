package io.ratelimit.sample;

import io.ratelimit.annotation.RateLimited;
import java.math.BigDecimal;
import java.util.List;
import org.springframework.jdbc.core.DataClassRowMapper;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Service;

/** Reads the products in the database. Each query has its own limits. */
@Service
class Catalogue {

    record Product(int id, String name, String category, BigDecimal price) {}

    record ReportLine(String category, int products, BigDecimal total) {}

    private final JdbcClient database;

    Catalogue(JdbcClient database) {
        this.database = database;
    }

    @RateLimited(limit = "search", key = "#user")
    List<Product> search(String user, String query) {
        return database.sql(
                        "select id, name, category, price from product where lower(name) like ? order by id limit 20")
                .param("%" + query.toLowerCase() + "%")
                .query(DataClassRowMapper.newInstance(Product.class))
                .list();
    }

    @RateLimited(limit = "report", key = "#tenant", costExpression = "#rows / 100.0")
    List<ReportLine> report(String tenant, int rows) {
        return database.sql("""
                        select category, count(*) as products, sum(price) as total
                        from (select category, price from product order by id limit ?)
                        group by category order by category""")
                .param(rows)
                .query(DataClassRowMapper.newInstance(ReportLine.class))
                .list();
    }

    @RateLimited(limit = "quote-user", key = "#user")
    @RateLimited(limit = "quote-all")
    Product quote(String user) {
        return database.sql("select id, name, category, price from product order by rand() limit 1")
                .query(DataClassRowMapper.newInstance(Product.class))
                .single();
    }
}
