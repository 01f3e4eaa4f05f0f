package main

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"os"
	"os/user"

	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/sources"
)

// decideFlags are the flags that approve and reject share.
type decideFlags struct {
	serverFlags
	deciderFlags
	Order string `arg:"" help:"Key of the order, as status and the message show it."`
}

// deciderFlags say who decides, and why.
type deciderFlags struct {
	Why string `help:"Why, for the journal."`
	As  string `help:"Who decides; by default the user of this shell."`
}

type approveCommand struct{ decideFlags }

type rejectCommand struct{ decideFlags }

// Help shows how to find the order and approve it.
func (approveCommand) Help() string {
	return `Examples:

  pushback status
  pushback approve kq3v5d2y7m --why "confirmed on the graphs"`
}

// Help says what rejecting means.
func (rejectCommand) Help() string {
	return `The rollback is not done, now or later; watching goes on. This also stops an automatic
rollback that waits for something else than a person, until it is sent. It counts as a
false alarm of the rule. Example:

  pushback reject kq3v5d2y7m --why "the spike is the marketing mail"`
}

// Run approves the order: the rollback is sent unless a guard refuses it.
func (a approveCommand) Run(ctx context.Context, out terminal) error {
	return a.send(ctx, out, "approve")
}

// Run rejects the order, which cancels it finally.
func (r rejectCommand) Run(ctx context.Context, out terminal) error {
	return r.send(ctx, out, "reject")
}

func (d decideFlags) send(ctx context.Context, out terminal, verb string) error {
	c, err := d.client()
	if err != nil {
		return err
	}
	var order api.Order
	err = c.call(ctx, http.MethodPost, "/v1/orders/"+pathSegment(d.Order)+"/"+verb, api.Decision{Actor: d.actor(), Why: d.Why}, &order)
	if err != nil {
		return err
	}
	if d.JSON {
		return out.printJSON(order)
	}
	fmt.Fprintf(out, "%s: %s %s in %s; %s\n", out.paint(styleStrong, order.State), order.Change.Service, order.Change.What(),
		order.Change.Environment, orderWords(order))
	return nil
}

// actor names who decides, for the journal only: the token alone decides what is
// allowed.
func (d deciderFlags) actor() string {
	return cmp.Or(sources.OneLine(cmp.Or(d.As, shellUser()), sources.MaxName), "command line")
}

// shellUser is the user of this shell: through sudo or doas the one who called it, because
// root is nobody in particular. "" where nobody can tell.
func shellUser() string {
	u, err := user.Current()
	if err != nil {
		return ""
	}
	if u.Uid == "0" {
		return cmp.Or(os.Getenv("SUDO_USER"), os.Getenv("DOAS_USER"), u.Username)
	}
	return u.Username
}
