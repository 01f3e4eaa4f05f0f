package webconfig

import (
	"crypto/tls"
	"log/slog"
	"net"
	"net/http"

	"github.com/prometheus/common/config"
)

type secret = config.Secret

// Serve serves on l by the file: over TLS, if it names a certificate. Certificates are read
// for every connection, so that they can be renewed in place; one that cannot be read ends
// the connection and is logged.
func (f File) Serve(l net.Listener, h *http.Server, log *slog.Logger) error {
	c, err := f.read()
	if err != nil {
		return err
	}
	log.Info("listening", "address", l.Addr().String(), "tls", c.TLSConfig.IsEnabled())
	if !c.TLSConfig.IsEnabled() {
		return h.Serve(l)
	}
	if h.TLSConfig, err = f.tlsConfig(); err != nil {
		return err
	}
	protocols := []string{"h2", "http/1.1"}
	if !c.HTTPConfig.HTTP2 {
		h.TLSNextProto = map[string]func(*http.Server, *tls.Conn, http.Handler){}
		protocols = protocols[1:]
	}
	h.TLSConfig.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) {
		fresh, err := f.tlsConfig()
		if err != nil {
			log.Error("cannot read the certificate; refusing connections", "error", err)
			return nil, err
		}
		fresh.NextProtos = protocols
		return fresh, nil
	}
	return h.ServeTLS(l, "", "")
}
