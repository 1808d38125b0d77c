package io.ratelimit.aop.elsewhere;

import io.ratelimit.aop.elsewhere.parent.Parent;

public class Child extends Parent {}
