package io.ratelimit.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.mock.web.MockHttpServletRequest;
import org.springframework.security.authentication.AuthenticationManager;
import org.springframework.security.authentication.AuthenticationProvider;
import org.springframework.security.authentication.BadCredentialsException;
import org.springframework.security.authentication.ProviderManager;
import org.springframework.security.authentication.TestingAuthenticationToken;
import org.springframework.security.core.Authentication;
import org.springframework.web.context.request.RequestContextHolder;
import org.springframework.web.context.request.ServletRequestAttributes;

class AuthenticationFailureRecorderTests {

    private static final Authentication RIGHT = new TestingAuthenticationToken("ann", "secret");
    private static final Authentication WRONG = new TestingAuthenticationToken("ann", "wrong");

    private final AuthenticationManager manager = (AuthenticationManager)
            new AuthenticationFailureRecorder().postProcessAfterInitialization(new ProviderManager(users()), "manager");

    @AfterEach
    void leaveRequest() {
        RequestContextHolder.resetRequestAttributes();
    }

    @Test
    void aFailureIsRecordedUntilTheNextAuthentication() {
        MockHttpServletRequest request = new MockHttpServletRequest();
        RequestContextHolder.setRequestAttributes(new ServletRequestAttributes(request));

        assertThatThrownBy(() -> manager.authenticate(WRONG)).isInstanceOf(BadCredentialsException.class);
        assertThat(request.getAttribute(AuthenticationFailureAttribute.NAME))
                .isInstanceOf(BadCredentialsException.class);

        manager.authenticate(RIGHT);
        assertThat(request.getAttribute(AuthenticationFailureAttribute.NAME)).isNull();
    }

    @ParameterizedTest
    @MethodSource("requestsThatAreOver")
    void anAuthenticationAfterTheRequestHasItsOwnOutcome(ServletRequestAttributes over) {
        RequestContextHolder.setRequestAttributes(over);

        assertThat(manager.authenticate(RIGHT).getName()).isEqualTo("ann");
        assertThatThrownBy(() -> manager.authenticate(WRONG)).isInstanceOf(BadCredentialsException.class);
    }

    static Stream<ServletRequestAttributes> requestsThatAreOver() {
        ServletRequestAttributes completed = new ServletRequestAttributes(new MockHttpServletRequest());
        completed.requestCompleted();
        return Stream.of(completed, new ServletRequestAttributes(new RecycledRequest()));
    }

    private static AuthenticationProvider users() {
        return new AuthenticationProvider() {
            @Override
            public Authentication authenticate(Authentication login) {
                if (!login.getCredentials().equals("secret")) {
                    throw new BadCredentialsException("wrong password");
                }
                return login;
            }

            @Override
            public boolean supports(Class<?> type) {
                return true;
            }
        };
    }

    /** Throws as Tomcat's does once the response is complete. */
    private static final class RecycledRequest extends MockHttpServletRequest {

        @Override
        public void setAttribute(String name, Object value) {
            throw new IllegalStateException("The request object has been recycled");
        }

        @Override
        public void removeAttribute(String name) {
            throw new IllegalStateException("The request object has been recycled");
        }
    }
}
