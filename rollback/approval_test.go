package rollback_test

import (
	"errors"
	"testing"
	"time"

	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/rollback/hooktest"
)

func TestApprovalToken(t *testing.T) {
	key := rollback.ApprovalKey("a key of this installation")
	o := hooktest.Order()
	o.State, o.ExpiresAt = rollback.Proposed, o.CreatedAt.Add(time.Hour)
	token := key.Token(o)
	f := func(name string, admitted bool, key rollback.ApprovalKey, token string, change func(o *order, now *time.Time)) {
		t.Helper()
		o, now := o, o.CreatedAt.Add(time.Minute)
		if change != nil {
			change(&o, &now)
		}
		err := key.CheckToken(o, token, now)
		if (err == nil) != admitted || err != nil && !errors.Is(err, rollback.ErrInvalidLink) {
			t.Errorf("%s: %v, want admitted: %v", name, err, admitted)
		}
	}
	f("its own", true, key, token, nil)
	f("expired", false, key, token, func(o *order, now *time.Time) { *now = o.ExpiresAt })
	f("used", false, key, token, func(o *order, _ *time.Time) { o.State = rollback.Approved })
	f("over", false, key, token, func(o *order, _ *time.Time) { o.State = rollback.Done })
	f("of another order", false, key, token, func(o *order, _ *time.Time) { o.Key = "other" })
	f("for another target", false, key, token, func(o *order, _ *time.Time) { o.Target = "v0" })
	f("through another hook", false, key, token, func(o *order, _ *time.Time) { o.Hook = "script" })
	f("made longer", false, key, token, func(o *order, _ *time.Time) { o.ExpiresAt = o.ExpiresAt.Add(time.Hour) })
	f("of another installation", false, rollback.ApprovalKey("another key"), token, nil)
	f("without a key", false, nil, rollback.ApprovalKey(nil).Token(o), nil)
	f("empty", false, key, "", nil)
	f("cut short", false, key, token[:20], nil)
	f("no base64", false, key, "!"+token[1:], nil)
	f("without its mark", false, key, token[:43], nil)
}

// A token that nobody has made is refused without its order.
func TestApprovalMark(t *testing.T) {
	key := rollback.ApprovalKey("a key of this installation")
	o := hooktest.Order()
	token := key.Token(o)
	last := token[len(token)-1:]
	other := map[bool]string{true: "B", false: "A"}[last == "A"]
	f := func(name string, made bool, key rollback.ApprovalKey, change, token string) {
		t.Helper()
		if err := key.CheckMark(change, token); (err == nil) != made || err != nil && !errors.Is(err, rollback.ErrInvalidLink) {
			t.Errorf("%s: %v, want it made: %v", name, err, made)
		}
	}
	f("its own", true, key, o.Key, token)
	f("of another change", false, key, o.Key+"x", token)
	f("of another installation", false, rollback.ApprovalKey("another key"), o.Key, token)
	f("without a key", false, nil, o.Key, rollback.ApprovalKey(nil).Token(o))
	f("empty", false, key, o.Key, "")
	f("cut short", false, key, o.Key, token[:43])
	f("longer", false, key, o.Key, token+"AAAA")
	f("altered", false, key, o.Key, token[:len(token)-2]+other+other)
	f("no base64", false, key, o.Key, "!"+token[1:])
}
