package io.ratelimit.sample;

import io.ratelimit.annotation.RateLimited;
import java.util.List;
import java.util.stream.Collectors;
import org.springframework.jdbc.core.DataClassRowMapper;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Service;

/**
 * A stand-in for a language model that is paid by the token, where the cost of a call is known only after the answer.
 */
@Service
class Completions {

    record Completion(String text, int tokens) {}

    private record Suggestion(String name) {}

    private final JdbcClient database;

    Completions(JdbcClient database) {
        this.database = database;
    }

    /** Reserves the maximum cost of an answer, and then settles the actual cost: one token for each word in and out. */
    @RateLimited(limit = "tokens", key = "#tenant", cost = 500, settle = "#result.tokens")
    Completion complete(String tenant, String prompt) {
        List<String> words = List.of(prompt.strip().split("\\s+"));
        List<Suggestion> suggestions = database.sql(
                        "select name from product where lower(name) like ? order by price, id limit 3")
                .param("%" + words.get(words.size() - 1).toLowerCase() + "%")
                .query(DataClassRowMapper.newInstance(Suggestion.class))
                .list();
        String text = suggestions.stream().map(Suggestion::name).collect(Collectors.joining(", ", "How about: ", "?"));
        return new Completion(text, words.size() + text.split("\\s+").length);
    }
}
