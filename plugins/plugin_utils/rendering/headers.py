"""Headers that the edge decides: which ones of a client it removes, and which ones it adds to answers.

Place in the pipeline: model -> compose -> bundle, used by ``nginx`` and ``traefik``. Pure.

An application behind a proxy believes some headers, because it expects the proxy to have written them. From a client
they are forgeries. The edge writes ``Host``, ``X-Real-IP``, ``X-Forwarded-For``, ``-Host``, ``-Port`` and ``-Proto``
itself, and removes all others that a known framework or middleware believes.
"""

from __future__ import annotations

from collections.abc import Mapping

from ansible_collections.slipway.stack.plugins.plugin_utils.description import response_headers
from ansible_collections.slipway.stack.plugins.plugin_utils.description.model import Service

#: By what the edge or the application would be told with it, and with the software that believes it.
_CLAIMS: dict[str, tuple[str, ...]] = {
    # RFC 7239 (Rack 3, Spring's ForwardedHeaderFilter, aiohttp), and what Traefik and oauth2-proxy write.
    "the way here": (
        "Forwarded",
        "X-Forwarded",
        "X-Forwarded-By",
        "X-Forwarded-Server",
        "X-Forwarded-Uri",
        "X-Forwarded-Method",
        "Forwarded-For",
        "Forwarded-Host",
        "Forwarded-Proto",
    ),
    # gunicorn's secure_scheme_headers, Rack::Request, Paste, older Werkzeug, Microsoft's proxies, plugins of WordPress.
    "https": (
        "X-Forwarded-Scheme",
        "X-Forwarded-Protocol",
        "X-Forwarded-Ssl",
        "X-Scheme",
        "X-Url-Scheme",
        "Front-End-Https",
        "X-Original-Proto",
        "X-ARR-SSL",
        "X-HTTPS",
        "HTTPS",
        "CF-Visitor",
        "CloudFront-Forwarded-Proto",
    ),
    # Symfony, Spring, Werkzeug's ProxyFix, ASP.NET's ForwardedHeaders, wsgi's SCRIPT_NAME by proxies, Apache NiFi.
    "the public address": (
        "X-Host",
        "X-Original-Host",
        "X-HTTP-Host-Override",
        "X-Forwarded-Prefix",
        "X-Forwarded-Path",
        "X-Forwarded-PathBase",
        "X-Forwarded-Context",
        "X-Original-Prefix",
        "X-Script-Name",
        "X-ProxyScheme",
        "X-ProxyHost",
        "X-ProxyPort",
        "X-ProxyContextPath",
    ),
    # The request-ip package of npm, Rails' RemoteIp, Apache's mod_remoteip, and what hosting companies document.
    "the client's address": (
        "X-Client-IP",
        "Client-IP",
        "X-Original-For",
        "X-Original-Forwarded-For",
        "X-Originating-IP",
        "X-Remote-IP",
        "X-Remote-Addr",
        "X-Cluster-Client-IP",
        "X-ProxyUser-Ip",
        "Proxy-Client-IP",
        "WL-Proxy-Client-IP",
        "True-Client-IP",
        "CF-Connecting-IP",
        "CF-Connecting-IPv6",
        "CF-Pseudo-IPv4",
        "Fastly-Client-IP",
        "Fly-Client-IP",
        "X-Appengine-User-IP",
        "X-Azure-ClientIP",
        "X-Azure-SocketIP",
        "X-Nf-Client-Connection-IP",
        "X-Vercel-Forwarded-For",
        "DO-Connecting-IP",
        "CloudFront-Viewer-Address",
        "Incap-Client-IP",
        "X-Sucuri-ClientIP",
        "Ali-Cdn-Real-IP",
        "X-Envoy-External-Address",
    ),
    # IIS' URL rewriting (Symfony and Zend believe it), nginx' auth_request.
    "the request": ("X-Original-URL", "X-Rewrite-URL", "X-Original-URI", "X-Original-Method"),
    # Grafana, Gitea, Jupyter, Django's RemoteUserMiddleware, oauth2-proxy, Vouch, Pomerium, Authentik, Tailscale, and
    # the sign-in in front of applications that Google, Amazon, Azure and Cloudflare offer.
    "who the client is": (
        "Remote-User",
        "Remote-Name",
        "Remote-Email",
        "Remote-Groups",
        "X-Remote-User",
        "X-WebAuth-User",
        "X-Authenticated-User",
        "X-Forwarded-User",
        "X-Forwarded-Email",
        "X-Forwarded-Groups",
        "X-Forwarded-Preferred-Username",
        "X-Forwarded-Access-Token",
        "X-Auth-Request-User",
        "X-Auth-Request-Email",
        "X-Auth-Request-Groups",
        "X-Auth-Request-Preferred-Username",
        "X-Auth-Request-Access-Token",
        "X-Vouch-User",
        "X-Pomerium-Claim-Email",
        "X-Pomerium-Claim-User",
        "X-Goog-Authenticated-User-Email",
        "X-Goog-Authenticated-User-ID",
        "Tailscale-User-Login",
        "Tailscale-User-Name",
        "X-Authentik-Username",
        "X-Authentik-Groups",
        "X-Authentik-Email",
        "X-Authentik-Name",
        "X-Authentik-Uid",
        "X-Amzn-Oidc-Identity",
        "X-Amzn-Oidc-Data",
        "X-Amzn-Oidc-Accesstoken",
        "X-MS-Client-Principal",
        "X-MS-Client-Principal-ID",
        "X-MS-Client-Principal-Name",
        "CF-Access-Authenticated-User-Email",
    ),
    # Certificates of clients, as nginx-ingress, Apache, Traefik, Envoy, HAProxy and Azure pass them on.
    "the client's certificate": (
        "X-Client-Cert",
        "X-SSL-Cert",
        "X-SSL-Client-Cert",
        "X-SSL-Client-Verify",
        "X-SSL-Client-DN",
        "X-SSL-Client-S-DN",
        "SSL-Client-Cert",
        "SSL-Client-Verify",
        "SSL-Client-Subject-DN",
        "SSL-Client-Issuer-DN",
        "X-Forwarded-Client-Cert",
        "X-Forwarded-Tls-Client-Cert",
        "X-Forwarded-Tls-Client-Cert-Info",
        "X-ARR-ClientCert",
    ),
}
#: What no client may say. A load balancer that the description names may.
CLAIMS = tuple(name for names in _CLAIMS.values() for name in names)
#: What nobody in front of the edge has a reason to say. CGI programs take Proxy for HTTP_PROXY (httpoxy).
#: Rack::Sendfile maps paths by the next two (CVE-2025-61780). Next.js skips its middleware (CVE-2025-29927). The last
#: one is a half of an upgrade to h2c, which is not passed on.
NEVER = ("Proxy", "X-Sendfile-Type", "X-Accel-Mapping", "X-Middleware-Subrequest", "HTTP2-Settings")

#: What an answer says unless the application says it.
DEFAULTS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    # What reaches devices beside the computer. Camera, microphone and location are not here: applications use them, and
    # a frame of another origin has none of them anyway. Nor is bluetooth: browsers do not know the word, and say so.
    "Permissions-Policy": "hid=(), serial=(), usb=()",
}
POLICY = "Content-Security-Policy"


def of_answers(edge: Service, own: Mapping[str, str], defaults: Mapping[str, str]) -> dict[str, str]:
    """Return the headers that an edge adds to answers, by name, without those whose value is empty.

    :param own: those that the description has.
    :param defaults: those that it need not have.
    """
    if edge.is_inner:
        # They are the business of the edge that the answers pass next.
        return {}
    policy = response_headers.policy_text(edge.options.get("content_security_policy", ""))
    found = response_headers.merged(defaults, {POLICY: policy}, own)
    return {name: value for name, value in found.items() if value}
