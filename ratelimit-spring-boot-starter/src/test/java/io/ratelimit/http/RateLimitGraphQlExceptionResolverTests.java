package io.ratelimit.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import graphql.GraphQLError;
import graphql.Scalars;
import graphql.execution.ExecutionStepInfo;
import graphql.execution.MergedField;
import graphql.execution.ResultPath;
import graphql.language.Field;
import graphql.language.SourceLocation;
import graphql.schema.DataFetchingEnvironment;
import graphql.schema.DataFetchingEnvironmentImpl;
import io.ratelimit.Decision;
import io.ratelimit.DecisionSource;
import io.ratelimit.RateLimiter;
import io.ratelimit.memory.InMemoryRateLimitStore;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The errors of rejected GraphQL methods. */
class RateLimitGraphQlExceptionResolverTests {

    private final RateLimiter limiter = InMemoryRateLimitStore.newLimiter("2/1h");
    private final RateLimitGraphQlExceptionResolver resolver = new RateLimitGraphQlExceptionResolver(
            new RateLimitResponseFactory(new InvalidCallLogger(System::nanoTime)));

    @Test
    void aRejectionTellsWhenToComeBackInWholeSeconds() {
        limiter.tryAcquire("ann", 2);
        assertThat(error(catchThrowable(() -> limiter.tryAcquire("ann").orThrow())))
                .satisfies(error -> {
                    assertThat(error.getMessage()).startsWith("Rate limit \"default\" (2/h) exceeded");
                    assertThat(error.getPath()).containsExactly("book");
                    assertThat(error.getLocations()).containsExactly(new SourceLocation(1, 3));
                    assertThat(error.getErrorType().toSpecification(error)).isEqualTo("TOO_MANY_REQUESTS");
                    assertThat(error.getExtensions())
                            .hasEntrySatisfying(
                                    "retryAfter",
                                    seconds -> assertThat((Long) seconds).isBetween(1_790L, 1_800L));
                });
    }

    @Test
    void aRejectionForEverTellsNoTime() {
        assertThat(error(catchThrowable(() -> limiter.tryAcquire("ann", 3).orThrow())))
                .satisfies(error -> assertThat(error.getExtensions()).doesNotContainKey("retryAfter"));
    }

    @Test
    void anEmptyKeyIsABadRequest() {
        assertThat(error(catchThrowable(() -> limiter.tryAcquire(" "))))
                .satisfies(error ->
                        assertThat(error.getErrorType().toSpecification(error)).isEqualTo("BAD_REQUEST"));
    }

    @Test
    void aStoreThatCannotBeAskedIsUnavailable() {
        Decision denied = Decision.withoutStore(List.of(limiter.charge("ann", 1)), false, DecisionSource.POLICY);
        assertThat(error(catchThrowable(denied::orThrow))).satisfies(error -> {
            assertThat(error.getErrorType().toSpecification(error)).isEqualTo("SERVICE_UNAVAILABLE");
            assertThat(error.getExtensions()).isEqualTo(Map.of("retryAfter", 1L));
        });
    }

    @Test
    void otherExceptionsAreLeftToOtherResolvers() {
        assertThat(error(new IllegalStateException("on purpose"))).isNull();
    }

    private @Nullable GraphQLError error(Throwable failure) {
        Field field =
                Field.newField("book").sourceLocation(new SourceLocation(1, 3)).build();
        DataFetchingEnvironment environment = DataFetchingEnvironmentImpl.newDataFetchingEnvironment()
                .mergedField(MergedField.newMergedField(field).build())
                .executionStepInfo(ExecutionStepInfo.newExecutionStepInfo()
                        .type(Scalars.GraphQLString)
                        .path(ResultPath.rootPath().segment("book"))
                        .build())
                .build();
        return resolver.resolveToSingleError(failure, environment);
    }
}
