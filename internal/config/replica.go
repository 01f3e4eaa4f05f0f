package config

import (
	"net"
	"os"
	"regexp"
)

// replicaName is what a replica may be called: the name is sent as a header.
var replicaName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._:-]{0,99}$`)

// replica reads the name of this replica; "" if none is written.
func (l *loader) replica() string {
	name := l.file.Replica
	if name != "" && !replicaName.MatchString(name) {
		l.wrong("replica", BadName, "write up to 100 letters, digits and . _ : -, such as pushback-1", "%q cannot name a replica", name)
	}
	return name
}

// ReplicaName names this process among those that share a database: as written, or the
// host and the port, so that two on one host differ. They may share one file.
func (c Config) ReplicaName() string {
	if c.Replica != "" {
		return c.Replica
	}
	host, err := os.Hostname()
	if err != nil || !replicaName.MatchString(host) {
		host = "pushback"
	}
	if _, port, err := net.SplitHostPort(c.Listen); err == nil && port != "0" {
		host = net.JoinHostPort(host, port)
	}
	return host
}
