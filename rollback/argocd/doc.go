// Package argocd rolls an application of Argo CD back to an entry of its own
// history (POST /api/v1/applications/{name}/rollback), and follows the
// operation to its end.
//
// The entry is the newest that is of the version to go back to: by its
// revision, by what it was asked to be (targetRevision, of a chart), or by an
// image that its source sets. An application whose newest entry is that
// already is left alone.
//
// Argo CD refuses while auto-sync is on, and it is right: the next sync would
// undo the rollback. Preflight finds that out. There are two ways out of it:
// `disable_auto_sync: true` switches auto-sync off first, and leaves it off
// for people to switch on again once git is right; or a hook of kind github
// with `does: revert`, which puts git right and lets Argo CD follow. Where the
// application itself is made by an ApplicationSet or by another application,
// the former is undone from above, and preflight says so.
//
// The rollback is to an exact entry, so that asking twice changes nothing the
// second time: it is idempotent.
package argocd
