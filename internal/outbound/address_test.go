package outbound

import (
	"errors"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/prometheus/common/config"
)

// refusedHosts are link-local and metadata addresses in the forms that some reader takes.
var refusedHosts = []string{
	"169.254.169.254", "169.254.0.1", "169.254.170.2", "[fe80::1]", "[fe80::a9fe:a9fe%25eth0]", "[::ffff:169.254.169.254]", "[::ffff:a9fe:a9fe]",
	"[::169.254.169.254]", "[64:ff9b::a9fe:a9fe]", "[2002:a9fe:a9fe::1]", "[fd00:ec2::254]", "100.100.100.200", "192.0.0.192", "168.63.129.16",
	"2852039166", "0xa9fea9fe", "0xA9.0xFE.0xA9.0xFE", "0251.0376.0251.0376", "169.254.43518", "169.16689662", "025177524776",
	"metadata", "metadata.google.internal", "METADATA.google.internal.", "metadata.goog", "instance-data", "instance-data.ec2.internal",
}

func TestLinkLocalAddressesAreRefused(t *testing.T) {
	for _, host := range refusedHosts {
		for _, address := range []string{"http://" + host, "https://" + host + ":8080/latest/meta-data"} {
			if err := CheckURL(address); !errors.Is(err, ErrLinkLocal) {
				t.Errorf("%s: %v", address, err)
			}
		}
	}
	for _, host := range []string{"127.0.0.1", "localhost", "[::1]", "10.0.0.1", "192.168.1.1", "169.253.1.1", "[fd00::1]", "prometheus", "metadata.example.org", "10", "0x7f000001", "[64:ff9b::7f00:1]"} {
		if err := CheckURL("http://" + host + ":9090"); err != nil {
			t.Errorf("%s: %v", host, err)
		}
	}
}

// A name that leads to such an address is refused when its address is known, right before
// the connection: the look-up that a check makes earlier may have had another answer.
func TestDialLooksAtTheAddress(t *testing.T) {
	for _, address := range []string{"169.254.169.254:80", "[fe80::1%lo]:80", "[fe80::1]:80", "[::ffff:169.254.169.254]:80", "[fd00:ec2::254]:80", "no address"} {
		if err := refuseAddress("tcp", address, nil); err == nil {
			t.Errorf("%s: no error", address)
		}
	}
	_, err := Dial(t.Context(), "tcp", "169.254.169.254:80")
	if !errors.Is(err, ErrLinkLocal) {
		t.Errorf("dialled: %v", err)
	}
	if err := refuseAddress("tcp", netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), 80).String(), nil); err != nil {
		t.Error(err)
	}
}

// The check of the URL is not what protects a call: whoever builds a request without it is
// refused as well, and nothing is sent.
func TestCallsAreRefused(t *testing.T) {
	c, err := New(config.HTTPClientConfig{})
	if err != nil {
		t.Fatal(err)
	}
	for _, host := range refusedHosts {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+host+"/", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Do(r); err == nil || !IsNotSent(err) || !strings.Contains(err.Error(), "link-local") {
			t.Errorf("%s: %v", host, err)
		}
	}
}

func FuzzCheckHost(f *testing.F) {
	for _, host := range refusedHosts {
		f.Add(host)
	}
	f.Fuzz(func(_ *testing.T, host string) { _ = checkHost(host) })
}
