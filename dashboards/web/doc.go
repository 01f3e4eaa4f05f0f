// Package web is what people look at when they ask what a change did: a list
// of changes, and a page for each with the verdict as a sentence, the numbers
// behind it, and a plot of every signal with the line where the change was.
//
// It renders and nothing else. Its view models (List, Change and what they
// hold) are plain values that the server fills; here they become HTML, by
// html/template alone, so that a service called <script> stays a service. No
// text needs JavaScript: scripts ask for the numbers of the plots and draw them, and put into
// the page what has changed since.
//
// There is no front-end build. The plots are by uPlot 1.6.32 (MIT; its
// licence lies beside it), as published.
package web
