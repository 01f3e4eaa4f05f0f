package daemon

import (
	"cmp"

	"github.com/pushback/pushback/internal/config"
	"github.com/pushback/pushback/internal/digest"
	"github.com/pushback/pushback/internal/messages"
	"github.com/pushback/pushback/internal/store"
)

// DigestReceivers are the receivers that a configuration sends a digest to, by name.
func DigestReceivers(c config.Config) (all []string) {
	for _, name := range names(c.Receivers) {
		if s, may := c.Receivers[name].Settings.(interface{ WantsDigest() bool }); may && s.WantsDigest() {
			all = append(all, name)
		}
	}
	return all
}

// newDigests returns what sends digests to the receivers that want one.
func (d *Daemon) newDigests(st *store.Store) *digest.Keeper {
	return digest.New(digest.Options{
		Receivers: d.built.Senders, Store: st, Text: messages.Composer{ExternalURL: cmp.Or(d.config.ExternalURL, "http://"+d.config.Listen)},
		Now: d.engine.SharedNow, Send: d.engine.SendMessages, Log: d.log.With("component", "digest"),
	})
}
