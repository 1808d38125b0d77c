package io.ratelimit.aop;

import jakarta.servlet.DispatcherType;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import org.jspecify.annotations.Nullable;
import org.springframework.core.Ordered;
import org.springframework.web.servlet.HandlerInterceptor;
import org.springframework.web.servlet.config.annotation.InterceptorRegistry;
import org.springframework.web.servlet.config.annotation.WebMvcConfigurer;

/**
 * Ends the calls of an asynchronous request after its last dispatch, which is a little earlier than the container
 * reports the completion, and which {@code MockMvc} reports in no other way. Loaded only if Spring MVC is on the class
 * path.
 */
final class LaterResponseInterceptor implements HandlerInterceptor, WebMvcConfigurer {

    @Override
    public void addInterceptors(InterceptorRegistry registry) {
        registry.addInterceptor(this).order(Ordered.HIGHEST_PRECEDENCE);
    }

    @Override
    public void afterCompletion(
            HttpServletRequest request, HttpServletResponse response, Object handler, @Nullable Exception failure) {
        if (request.getDispatcherType() == DispatcherType.ASYNC && !request.isAsyncStarted()) {
            LaterResponse.endAll(request);
        }
    }
}
