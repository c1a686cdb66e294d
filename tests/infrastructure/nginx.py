"""A real nginx for one test, in a folder of its own and gone afterward."""

import os
from collections.abc import Sequence

from tests.infrastructure.proxies import Proxy

# Everything nginx would otherwise read or write below /etc, /run and /var. Its workers stay with the user who
# runs the tests: Debian's own user could not reach a temporary folder of root's.
MAIN = """\
{user}
worker_processes 1;
pid pid;
error_log stderr warn;
events {{ worker_connections 128; }}
http {{
    access_log off;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    include site.conf;
}}
"""


class Nginx(Proxy):
    """Serves a site's configuration between `with Nginx(site, port):` and the end of the block."""

    package = "nginx"

    def __init__(self, site: str, port: int) -> None:
        super().__init__(port)
        user = "user root;" if os.geteuid() == 0 else ""
        (self.folder / "nginx.conf").write_text(MAIN.format(user=user))
        (self.folder / "site.conf").write_text(site)

    def command(self) -> Sequence[str]:
        nginx = ["/usr/sbin/nginx", "-p", str(self.folder), "-c", "nginx.conf", "-e", "stderr"]
        return [*nginx, "-g", "daemon off;"]
