package irc

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/notify/sendertest"
)

func TestCommands(t *testing.T) {
	f := func(name string, n *network, lines []string, want notify.Command, reply string) {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var got []notify.Command
				answer := func(_ context.Context, c notify.Command) string {
					got = append(got, c)
					return "done\nreally"
				}
				listen(t, newSender(t, n, nil), answer)
				for _, l := range lines {
					n.tell("%s", l)
				}
				rest(30 * time.Second)
				var first notify.Command
				if len(got) > 0 {
					first = got[0]
				}
				if first.Name != want.Name || !slices.Equal(first.Args, want.Args) || first.From != want.From || len(got) > 1 {
					t.Errorf("heard %+v, want %+v", got, want)
				}
				if replies := strings.Join(n.answered(), "; "); replies != reply {
					t.Errorf("answered %q, want %q", replies, reply)
				}
			})
		})
	}
	ada := notify.Caller{Kind: "irc", ID: "ada", Name: "ada_"}
	nick := notify.Caller{Kind: "irc", Name: "ada_"}
	status := notify.Command{Name: "status", Args: []string{}, From: nick}
	hold := notify.Command{Name: "hold", Args: []string{"cart", "a", "why"}, From: ada}
	inChannel := "#ops ada_: done; #ops really"
	tagged, here := "account-tag message-tags", map[string]string{"ada_": "a@h"}
	f("by tag", &network{caps: tagged}, []string{"@account=ada :ada_!a@h PRIVMSG #ops :!hold cart  a why"}, hold, inChannel)
	f("no tag, no account", &network{caps: tagged, accounts: map[string]string{"ada_": "ada"}}, []string{":ada_!a@h PRIVMSG #ops :!status"}, status, inChannel)
	f("a client's tag proves nothing", &network{caps: tagged}, []string{"@+account=ada :ada_!a@h PRIVMSG #ops :!status"}, status, inChannel)
	f("a tag that was not agreed on", &network{masks: here}, []string{"@account=ada :ada_!a@h PRIVMSG #ops :!status"}, status, inChannel)
	f("by WHOIS", &network{masks: here, accounts: map[string]string{"ada_": "ada"}}, []string{":ada_!a@h PRIVMSG #ops :!hold cart a why"}, hold, inChannel)
	f("WHOIS of somebody else", &network{masks: map[string]string{"ada_": "a@other"}, accounts: map[string]string{"ada_": "ada"}},
		[]string{":ada_!a@h PRIVMSG #ops :!status"}, status, inChannel)
	f("no account", &network{masks: here, accounts: map[string]string{"ada_": "*"}}, []string{":ada_!a@h PRIVMSG #ops :!status"}, status, inChannel)
	f("the nick moved meanwhile", &network{members: "ada_", masks: here, accounts: map[string]string{"ada_": "ada"}, onWhois: func(n *network, nick string) {
		n.tell(":ada_!a@h NICK mallory")
		n.tell(":real!a@h NICK ada_")
	}}, []string{":ada_!a@h PRIVMSG #ops :!status"}, status, inChannel)
	f("private", &network{caps: tagged, members: "@ada_ bob"}, []string{"@account=ada :ada_!a@h PRIVMSG pushback :hold cart a why"}, hold, "ada_ done; ada_ really")
	f("a stranger", &network{caps: tagged}, []string{"@account=ada :ada_!a@h PRIVMSG pushback :!status", "@account=ada :ada_!a@h PRIVMSG pushback :!status"},
		notify.Command{}, "ada_ Join #ops first: only who is there gets answers.")
	f("left again", &network{caps: tagged, members: "ada_"}, []string{":ada_!a@h PART #ops", ":ada_!a@h PRIVMSG pushback :!status"},
		notify.Command{}, "ada_ Join #ops first: only who is there gets answers.")
	f("talk", &network{}, []string{
		":ada_!a@h PRIVMSG #ops :status?", ":ada_!a@h PRIVMSG #ops :!weather", ":ada_!a@h PRIVMSG #other :!status",
		":ada_!a@h NOTICE #ops :!status", ":irc.example PRIVMSG", ":ada_!a@h PRIVMSG pushback :\x01VERSION\x01",
	}, notify.Command{}, "")
	f("our own echo", &network{caps: "echo-message"}, []string{":pushback!pushback@host.example PRIVMSG #ops :!status"}, notify.Command{}, "")
}

// Commands may be switched off.
func TestNoCommands(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &network{}
		listen(t, newSender(t, n, func(c *Config) { c.Commands = new(false) }), func(context.Context, notify.Command) string {
			t.Error("a command was heard")
			return ""
		})
		n.tell(":ada!a@h PRIVMSG #ops :!status")
		rest(time.Minute)
	})
}

// Somebody who floods us with commands keeps no message from going out.
func TestFloodOfCommands(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &network{caps: "account-tag"}
		s := newSender(t, n, nil)
		listen(t, s, func(context.Context, notify.Command) string { return "no" })
		for range 200 {
			n.tell(":mallory!m@h PRIVMSG #ops :!status")
		}
		ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
		defer cancel()
		if err := s.Send(ctx, sendertest.Message()); err != nil {
			t.Error(err)
		}
	})
}
