//go:build !plugins
// +build !plugins

package main

func fillPlugin() {}
