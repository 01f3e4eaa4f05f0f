// Package irc writes messages into IRC channels, keeps their topic, and hears commands there and in private.
//
// One connection serves for all. The adapter is a notify.Resident: of several replicas only the one that listens is
// connected, and so only that one sends; see adr/0135.
//
// A message counts as delivered when the server has answered a PING that was sent after its lines, and has refused
// none of them. Where the server offers echo-message, every line must have come back as well.
//
// Who gave a command is the account that the services or the server say: by the tag account-tag, or by WHOIS (330)
// of the very user and host that wrote it. A nick proves nothing.
//
// See https://modern.ircdocs.horse and https://ircv3.net/irc.
package irc

import (
	"cmp"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"regexp"
	"strings"
	"time"

	"github.com/prometheus/common/config"

	"github.com/pushback/pushback/internal/outbound"
	"github.com/pushback/pushback/internal/secretfile"
)

// Config is a receiver of kind irc in pushback.yml.
type Config struct {
	Address  string           `yaml:"address"`  // host:port; the port is 6697, or 6667 with plain
	Channels []string         `yaml:"channels"` // which it joins, and where every message goes
	Nick     string           `yaml:"nick"`     // "pushback" by default; with _ after it while that is in use
	Plain    bool             `yaml:"plain"`    // no TLS; only to loopback, unless insecure
	Insecure bool             `yaml:"insecure"` // plain to other hosts, too
	TLS      config.TLSConfig `yaml:"tls"`

	Account        string        `yaml:"account"`          // at the network's services; by default the nick
	PasswordFile   string        `yaml:"password_file"`    // of the account, for SASL PLAIN
	ChannelKeyFile string        `yaml:"channel_key_file"` // of channels with +k
	ServerPassFile string        `yaml:"server_pass_file"` // of servers that want one
	Topic          bool          `yaml:"topic"`            // keep what goes on in the channels' topic
	Commands       *bool         `yaml:"commands"`         // hear commands; true by default
	ApprovalLinks  bool          `yaml:"approval_links"`   // write the links by which whoever reads them may approve
	Burst          int           `yaml:"burst"`            // lines at once; 5 by default
	Every          time.Duration `yaml:"every"`            // after which one more line may be written; 2s by default
}

// SetDirectory resolves relative file names against dir.
func (c *Config) SetDirectory(dir string) {
	for _, file := range []*string{&c.PasswordFile, &c.ChannelKeyFile, &c.ServerPassFile} {
		*file = config.JoinDir(dir, *file)
	}
	c.TLS.SetDirectory(dir)
}

var (
	nickname    = regexp.MustCompile("^[A-Za-z\\[\\]\\\\`_^{|}][-A-Za-z0-9\\[\\]\\\\`_^{|}]{0,29}$")
	channelName = regexp.MustCompile(`^[#&+!][^\s,:\x00-\x1f\x7f]{1,49}$`)
	accountName = regexp.MustCompile(`^[^\s\x00-\x1f\x7f]{1,64}$`)
)

const maxChannels = 10

// complete checks the settings and fills in their defaults.
func (c Config) complete() (Config, error) {
	c.Nick = cmp.Or(c.Nick, "pushback")
	c.Account = cmp.Or(c.Account, c.Nick)
	c.Burst, c.Every = cmp.Or(c.Burst, 5), cmp.Or(c.Every, 2*time.Second)
	if c.Address != "" && !strings.Contains(strings.TrimSuffix(c.Address, "]"), ":") {
		port := "6697"
		if c.Plain {
			port = "6667"
		}
		c.Address = net.JoinHostPort(c.Address, port)
	}
	return c, errors.Join(c.checkAddress(), c.checkNames(), c.checkPace(), c.checkFiles())
}

func (c Config) checkAddress() error {
	host, port, err := net.SplitHostPort(c.Address)
	switch {
	case c.Address == "":
		return errors.New("address is missing: the server's, as irc.example.org:6697")
	case err != nil || host == "" || port == "":
		return errors.New("address is no host:port, as irc.example.org:6697")
	case c.Plain && !c.Insecure && !isLoopback(host):
		return errors.New("plain would send everything unencrypted to another host: leave it out, or add insecure: true if that is meant")
	case c.Insecure && !c.Plain:
		return errors.New("insecure stands without plain: true, and does nothing alone")
	}
	return outbound.CheckURL("https://" + c.Address)
}

func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

func (c Config) checkNames() error {
	var errs []error
	if !nickname.MatchString(c.Nick) {
		errs = append(errs, errors.New("nick is none: letters, digits and -_[]{}|^`, at most 30, and no digit first"))
	}
	if !accountName.MatchString(c.Account) {
		errs = append(errs, errors.New("account is none: at most 64 characters without spaces"))
	}
	if len(c.Channels) == 0 || len(c.Channels) > maxChannels {
		errs = append(errs, fmt.Errorf("channels is missing: 1 to %d of them, as [\"#ops\"]", maxChannels))
	}
	for _, name := range c.Channels {
		if !channelName.MatchString(name) {
			errs = append(errs, errors.New("channels holds what is no channel: write them as \"#ops\", in quotes"))
		}
	}
	return errors.Join(errs...)
}

func (c Config) checkPace() error {
	if c.Burst < 1 || c.Burst > 100 {
		return errors.New("burst is not between 1 and 100")
	}
	if c.Every < 10*time.Millisecond || c.Every > 10*time.Second {
		return errors.New("every is not between 10ms and 10s")
	}
	return nil
}

func (c Config) checkFiles() error {
	for key, file := range map[string]string{
		"password_file": c.PasswordFile, "channel_key_file": c.ChannelKeyFile, "server_pass_file": c.ServerPassFile,
	} {
		if file == "" {
			continue
		}
		if _, err := readSecret(file); err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
	}
	return nil
}

// tlsConfig is the TLS of a connection; nil: none.
func (c Config) tlsConfig() (*tls.Config, error) {
	if c.Plain {
		return nil, nil
	}
	t, err := config.NewTLSConfig(&c.TLS)
	if err != nil {
		return nil, fmt.Errorf("tls: %w", err)
	}
	if t.ServerName == "" {
		t.ServerName, _, _ = net.SplitHostPort(c.Address)
	}
	return t, nil
}

// readSecret reads a password that others have chosen, however weak; "" for no file.
func readSecret(file string) (string, error) {
	if file == "" {
		return "", nil
	}
	text, err := secretfile.ReadLine(file)
	return text.Reveal(), err
}
