package messages

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/sources"
)

// Waiting says that an order waits, for what, and what follows after that.
func (c Composer) Waiting(o rollback.Order, refusals []rollback.Refusal, at time.Time) notify.Message {
	m := c.ofOrder(o, "rollback"+to(o)+" waits "+waitsFor(o, refusals), at)
	m.Severity = notify.Error
	m.Action = WaitReasons(refusals) + ". It is asked again every few seconds"
	if !o.ExpiresAt.IsZero() {
		m.Action += " until " + clock(o.ExpiresAt)
	}
	m.Action += "."
	m.Choices = []notify.Choice{reject("To stop it", o.Key)}
	return m
}

// WaitReasons says why an order waits, and why a person will be asked after that.
func WaitReasons(refusals []rollback.Refusal) string {
	wait, ask := split(refusals)
	text := "It waits: " + Reasons(wait)
	if len(ask) > 0 {
		text += ". A person is asked after that: " + Reasons(ask)
	}
	return text
}

// split returns the refusals that may go away by themselves, and the others.
func split(refusals []rollback.Refusal) (wait, ask []rollback.Refusal) {
	for _, r := range refusals {
		if r.Temporary() {
			wait = append(wait, r)
		} else {
			ask = append(ask, r)
		}
	}
	return wait, ask
}

// waitsFor names what an order waits for, for a title.
func waitsFor(o rollback.Order, refusals []rollback.Refusal) string {
	var all []string
	for _, r := range refusals {
		switch r.Guard {
		case rollback.GuardPartial:
			all = append(all, "until the rollout of "+o.Change.What()+" ends")
		case rollback.GuardSuspended:
			all = append(all, "while a newer change rolls out")
		case rollback.GuardPresent:
			all = append(all, "until the harm is seen again")
		case rollback.GuardFleet:
			all = append(all, "while all automatic rollbacks are held")
		case rollback.GuardReach:
			all = append(all, "for hook "+o.Hook+", which cannot act now")
		}
	}
	return strings.Join(all, " and ")
}

// WaitID names what an order waits for, so that people are told once for each reason. An
// unreachable deploy tool is one reason, though its errors differ from one attempt to the
// next, and so is harm that is not seen any more, though that may have several causes.
func WaitID(refusals []rollback.Refusal) string {
	wait, _ := split(refusals)
	h := sha256.New()
	for _, r := range wait {
		fmt.Fprintf(h, "%s\n", r.Guard)
		if r.Guard != rollback.GuardReach && r.Guard != rollback.GuardPresent {
			fmt.Fprintf(h, "%s\n", r.Why)
		}
	}
	return hex.EncodeToString(h.Sum(nil)[:6])
}

// NobodyApproved is why a proposal expires.
const NobodyApproved = "nobody approved it in time"

// waits begins the reason of an order that waits for something else than a person.
const waits = "waits: "

// Waits is the reason of an order while it waits.
func Waits(refusals []rollback.Refusal) string { return waits + Reasons(refusals) }

// TooLate is why an order expires that waited for something else than a person.
func TooLate(o rollback.Order) string {
	why := "it had not been sent by " + clock(o.ExpiresAt)
	if waited, found := strings.CutPrefix(o.Why, waits); found {
		why += "; until then it waited: " + waited
	}
	return why
}

// Stopped is why an order is cancelled by a person who gives no reason, "" where its own reason stays true.
func Stopped(o rollback.Order) string {
	if waited, found := strings.CutPrefix(o.Why, waits); found {
		return "stopped while it waited: " + waited
	}
	return ""
}

// Replaced is why an order is cancelled whose change a newer one has replaced, the zero
// Change where that is not known any more.
func Replaced(newer sources.Change) string {
	if newer.Service == "" {
		return "a newer change has replaced it"
	}
	return fmt.Sprintf("%s has replaced it, and is watched instead", named(newer))
}
