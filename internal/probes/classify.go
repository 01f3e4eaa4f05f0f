package probes

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io/fs"
	"net"
	"os"
	"slices"
	"strings"
	"syscall"

	"github.com/pushback/pushback/internal/outbound"
)

// ofThisHost are errors by which the operating system says that this host cannot connect to
// anybody: no route, no free port, no free file. They say nothing of the target.
var ofThisHost = []error{
	syscall.ENETUNREACH, syscall.ENETDOWN, syscall.EADDRNOTAVAIL, syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM,
}

// gapOf says why an error says nothing of the target; "" if it does.
func gapOf(err error) string {
	var file *fs.PathError
	switch {
	case errors.Is(err, context.Canceled):
		return "it was ended"
	case errors.Is(err, outbound.ErrLinkLocal):
		return outbound.ErrLinkLocal.Error()
	case errors.As(err, &file):
		return "a file of its settings cannot be read: " + file.Err.Error()
	}
	for _, local := range ofThisHost {
		if errors.Is(err, local) || noResolver(err, local) {
			return "this host cannot connect to anybody: " + local.Error()
		}
	}
	if noResolver(err, syscall.ECONNREFUSED) {
		return "the resolver of this host does not run"
	}
	return ""
}

// noResolver reports whether a name was not resolved because the resolver itself could not be
// reached. The library keeps only the text of that error.
func noResolver(err, why error) bool {
	var name *net.DNSError
	return errors.As(err, &name) && strings.HasSuffix(name.Err, why.Error())
}

// resultOf is the result of a probe that failed with an error. shaking says that a TLS
// handshake had begun.
func resultOf(err error, shaking bool) Result {
	var name *net.DNSError
	var network net.Error
	switch {
	case errors.As(err, &name):
		return DNS
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), errors.As(err, &network) && network.Timeout():
		return Timeout
	case errors.Is(err, syscall.ECONNREFUSED):
		return Refused
	case shaking || certificateError(err):
		return TLS
	}
	return Broken
}

func certificateError(err error) bool {
	var (
		verification *tls.CertificateVerificationError
		alert        tls.AlertError
		record       tls.RecordHeaderError
	)
	return errors.As(err, &verification) || errors.As(err, &alert) || errors.As(err, &record)
}

// refusedCertificates are those that the target showed and that were not accepted.
func refusedCertificates(err error) []*x509.Certificate {
	var v *tls.CertificateVerificationError
	if errors.As(err, &v) {
		return v.UnverifiedCertificates
	}
	return nil
}

// earliest returns the certificate of a chain that ends first; nil of none.
func earliest(chain []*x509.Certificate) *x509.Certificate {
	if len(chain) == 0 {
		return nil
	}
	return slices.MinFunc(chain, func(a, b *x509.Certificate) int { return a.NotAfter.Compare(b.NotAfter) })
}
