// Kubeservers is kube-apiserver and kube-controller-manager in one program, for make integration-kubernetes: the
// first argument says which of them it is, and the others are theirs.
//
// It is a module of its own, because Kubernetes has ten times the code of Pushback, and nobody who builds
// Pushback is to download it.
package main

import (
	"fmt"
	"os"

	"k8s.io/component-base/cli"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllermanager "k8s.io/kubernetes/cmd/kube-controller-manager/app"
)

func main() {
	if len(os.Args) < 2 {
		usage()
	}
	server := os.Args[1]
	os.Args = append(os.Args[:1], os.Args[2:]...)
	switch server {
	case "kube-apiserver":
		os.Exit(cli.Run(apiserver.NewAPIServerCommand()))
	case "kube-controller-manager":
		os.Exit(cli.Run(controllermanager.NewControllerManagerCommand()))
	}
	usage()
}

func usage() {
	fmt.Fprintln(os.Stderr, "usage: kubeservers kube-apiserver|kube-controller-manager [flag ...]")
	os.Exit(2)
}
