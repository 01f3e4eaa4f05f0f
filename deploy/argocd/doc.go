// Package argocd checks the notifications that deploy/argocd and deploy/argorollouts ship, with the engine
// that Argo CD and Argo Rollouts themselves use. It is a module of its own, because the engine needs the
// clients of every chat and pager that it can send to.
package argocd
