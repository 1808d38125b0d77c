package io.ratelimit.sample;

import io.ratelimit.annotation.RateLimited;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Service;

/** Checks passwords, at most five for each user in any ten minutes. */
@Service
class Accounts {

    private final JdbcClient database;

    Accounts(JdbcClient database) {
        this.database = database;
    }

    @RateLimited(limit = "login", key = "#user")
    boolean mayLogIn(String user, String password) {
        return database.sql("""
                        select count(*) from account
                        where name = ? and password_hash = hash('SHA-256', stringtoutf8(salt || ?), 10000)""")
                        .param(user)
                        .param(password)
                        .query(Integer.class)
                        .single()
                == 1;
    }
}
