package io.ratelimit.http;

import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.context.MessageSource;
import org.springframework.security.authentication.AuthenticationEventPublisher;
import org.springframework.security.authentication.ProviderManager;
import org.springframework.security.core.Authentication;
import org.springframework.security.core.AuthenticationException;

/**
 * Records why authentications fail. The filters of Spring Security answer a failure with an error and keep its reason
 * to themselves; no event is published for a failed {@code UserDetailsService}.
 */
final class AuthenticationFailureRecorder implements BeanPostProcessor {

    @Override
    public Object postProcessAfterInitialization(Object bean, String beanName) {
        return bean.getClass() == ProviderManager.class ? new RecordingManager((ProviderManager) bean) : bean;
    }

    /** Delegates to a manager. It extends the class that the builders of Spring Security expect. */
    private static final class RecordingManager extends ProviderManager {

        private final ProviderManager manager;

        RecordingManager(ProviderManager manager) {
            super(manager.getProviders(), manager);
            this.manager = manager;
        }

        @Override
        public Authentication authenticate(Authentication authentication) {
            Authentication authenticated;
            try {
                authenticated = manager.authenticate(authentication);
            } catch (AuthenticationException ex) {
                AuthenticationFailureAttribute.record(ex);
                throw ex;
            }
            AuthenticationFailureAttribute.record(null);
            return authenticated;
        }

        @Override
        public void setMessageSource(MessageSource messages) {
            manager.setMessageSource(messages);
        }

        @Override
        public void setAuthenticationEventPublisher(AuthenticationEventPublisher publisher) {
            manager.setAuthenticationEventPublisher(publisher);
        }

        @Override
        public void setEraseCredentialsAfterAuthentication(boolean erase) {
            manager.setEraseCredentialsAfterAuthentication(erase);
        }

        @Override
        public boolean isEraseCredentialsAfterAuthentication() {
            return manager.isEraseCredentialsAfterAuthentication();
        }
    }
}
