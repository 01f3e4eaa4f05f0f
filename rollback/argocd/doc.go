// Package argocd rolls an application of Argo CD back to an entry of its history
// (POST /api/v1/applications/{name}/rollback), and follows the operation until it
// ends.
//
// It chooses the newest entry with the target version: by its revision, by its
// configured targetRevision (of a chart), or by an image that its source sets. If the
// newest entry has that version already, it does nothing.
//
// Argo CD refuses a rollback while auto-sync is on, because the next sync would
// revert it. Preflight detects this. There are two solutions: `disable_auto_sync:
// true` switches auto-sync off first and leaves it off, until people switch it on
// again once git is right; or a hook of kind github with `does: revert` corrects git,
// and Argo CD follows. If an ApplicationSet or another application manages the
// application, it reverts the first solution; preflight says so.
//
// The rollback is to an exact entry, so that a second call changes nothing: the hook
// is idempotent.
package argocd
