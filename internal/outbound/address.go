package outbound

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// ErrLinkLocal refuses an address at which clouds and hosts serve credentials to whoever
// asks from inside. Nothing that Pushback calls lives there, and a redirect, a name or a
// target that leads there is an attack or a mistake.
var ErrLinkLocal = errors.New("this is a link-local or metadata address, where clouds serve credentials: Pushback connects to none")

// metadataAddresses are those that are not link-local: AWS over IPv6, Alibaba, Oracle, Azure.
var metadataAddresses = []netip.Addr{
	netip.MustParseAddr("fd00:ec2::254"), netip.MustParseAddr("100.100.100.200"),
	netip.MustParseAddr("192.0.0.192"), netip.MustParseAddr("168.63.129.16"),
}

// metadataNames are the names of metadata services. They are refused as they are written
// too, because a proxy would look them up for us.
var metadataNames = []string{"metadata", "metadata.google.internal", "metadata.goog", "instance-data", "instance-data.ec2.internal", "metadata.azure.internal"}

// checkHost refuses the host of a URL that is a link-local or metadata address, however it
// is written. A name that leads to one is refused when it is dialled.
func checkHost(host string) error {
	name := strings.TrimSuffix(strings.ToLower(host), ".")
	if slices.Contains(metadataNames, name) {
		return ErrLinkLocal
	}
	if ip, err := netip.ParseAddr(name); err == nil {
		return checkAddress(ip)
	}
	if ip, ok := looseIPv4(name); ok {
		return checkAddress(ip)
	}
	return nil
}

func checkAddress(ip netip.Addr) error {
	for _, each := range []netip.Addr{ip.WithZone("").Unmap(), embedded(ip)} {
		if each.IsLinkLocalUnicast() || each.IsLinkLocalMulticast() || slices.Contains(metadataAddresses, each) {
			return ErrLinkLocal
		}
	}
	return nil
}

// embedded returns the IPv4 address that an IPv6 address stands for by translation: NAT64
// (RFC 6052), 6to4 (RFC 3056), or the old IPv4-compatible form. The zero Addr if none.
func embedded(ip netip.Addr) netip.Addr {
	if !ip.Is6() {
		return netip.Addr{}
	}
	b := ip.As16()
	nat64 := netip.MustParsePrefix("64:ff9b::/96").Contains(ip.WithZone(""))
	switch compatible := [12]byte(b[:12]) == [12]byte{}; {
	case nat64 || compatible:
		return netip.AddrFrom4([4]byte(b[12:]))
	case b[0] == 0x20 && b[1] == 0x02:
		return netip.AddrFrom4([4]byte(b[2:6]))
	}
	return netip.Addr{}
}

// looseIPv4 reads the forms that C's inet_aton reads: 2852039166, 0xa9fea9fe, 0251.0376.1.1.
func looseIPv4(host string) (netip.Addr, bool) {
	parts := strings.Split(host, ".")
	if len(parts) > 4 {
		return netip.Addr{}, false
	}
	var value uint64
	for i, part := range parts {
		bits := 8
		if i == len(parts)-1 {
			bits = 8 * (5 - len(parts))
		}
		n, err := strconv.ParseUint(part, 0, bits)
		if err != nil || strings.Contains(part, "_") {
			return netip.Addr{}, false
		}
		value = value<<bits | n
	}
	return netip.AddrFrom4([4]byte{byte(value >> 24), byte(value >> 16), byte(value >> 8), byte(value)}), true
}

// dialer asks refuseAddress once the name is resolved, right before it connects, so that no
// name can lead to an address that its look-up did not show.
var dialer = net.Dialer{Timeout: 30 * time.Second, KeepAlive: 30 * time.Second, Control: refuseAddress}

// Dial connects to an address, but never to a link-local or metadata one. Every connection
// of every adapter is made by it.
func Dial(ctx context.Context, network, address string) (net.Conn, error) {
	return dialer.DialContext(ctx, network, address)
}

func refuseAddress(_, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("the address cannot be read: %w", err)
	}
	return checkAddress(at.Addr())
}
