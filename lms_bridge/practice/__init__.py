"""The practice LMS: a small LTI 1.3 platform, a process of its own, for demonstrations, plugin developers and tests.

Claims, signing and the login request come from lti1p3platform. What decides over security is ours, because the library
leaves it out: who may be redirected to, who signed an assertion, what a token may do.
"""
