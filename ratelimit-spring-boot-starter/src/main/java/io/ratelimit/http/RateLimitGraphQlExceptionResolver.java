package io.ratelimit.http;

import graphql.ErrorClassification;
import graphql.GraphQLError;
import graphql.schema.DataFetchingEnvironment;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.core.annotation.Order;
import org.springframework.graphql.execution.DataFetcherExceptionResolverAdapter;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;

/**
 * Answers rejected calls of GraphQL methods with an error in the response. Its classification is the name of the HTTP
 * status that a handler would answer, such as {@code TOO_MANY_REQUESTS}, and its extension {@code retryAfter} is in
 * whole seconds.
 */
@Order(0)
final class RateLimitGraphQlExceptionResolver extends DataFetcherExceptionResolverAdapter {

    private final RateLimitResponseFactory responses;

    RateLimitGraphQlExceptionResolver(RateLimitResponseFactory responses) {
        this.responses = responses;
    }

    @Override
    protected @Nullable GraphQLError resolveToSingleError(Throwable failure, DataFetchingEnvironment environment) {
        RateLimitResponse response = responses.find(failure);
        if (response == null) {
            return null;
        }
        String status = HttpStatus.valueOf(response.problem().getStatus()).name();
        String retryAfter = response.headers().getFirst(HttpHeaders.RETRY_AFTER);
        return GraphQLError.newError()
                .message("%s", response.problem().getDetail())
                .path(environment.getExecutionStepInfo().getPath())
                .location(environment.getField().getSourceLocation())
                .errorType(ErrorClassification.errorClassification(status))
                .extensions(retryAfter == null ? Map.of() : Map.of("retryAfter", Long.valueOf(retryAfter)))
                .build();
    }
}
