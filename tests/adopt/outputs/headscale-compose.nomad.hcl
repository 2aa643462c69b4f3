job "headscale" {
  datacenters = ["dc1"]
  type        = "service"

  group "headscale" {
    network {
      mode = "bridge"

      port "port3478" {
        static = 3478
        to     = 3478
      }

      port "port8443" {
        static = 9443
        to     = 8443
      }
    }

    volume "headscale-config" {
      type   = "host"
      source = "headscale-config"
    }

    volume "headscale-data" {
      type   = "host"
      source = "headscale-data"
    }

    restart {
      attempts = 3
      interval = "5m"
      delay    = "15s"
      mode     = "delay"
    }

    service {
      name         = "headscale"
      provider     = "nomad"
      port         = "8080"
      address_mode = "alloc"

      check {
        type         = "http"
        path         = "/health"
        port         = "8080"
        address_mode = "alloc"
        interval     = "30s"
        timeout      = "5s"
      }
    }

    service {
      name     = "ui"
      provider = "nomad"
      port     = "port8443"

      check {
        type     = "tcp"
        interval = "30s"
        timeout  = "5s"
      }
    }

    task "headscale" {
      driver = "docker"

      config {
        image       = "headscale/headscale:0.25"
        args        = ["serve"]
        extra_hosts = ["headscale:127.0.0.1", "ui:127.0.0.1"]
        volumes     = ["local/acl-hujson:/etc/headscale/acl.hujson:ro"]

        mount {
          type   = "tmpfs"
          target = "/var/run/headscale"

          tmpfs_options {
            size = 10485760
          }
        }
      }

      template {
        data = <<EOT
{
  // everybody may do everything
  "acls": [{"action": "accept", "src": ["*"], "dst": ["*:*"]}],
  "note": "costs 5$",
}
EOT
        destination = "local/acl-hujson"
      }

      volume_mount {
        volume      = "headscale-config"
        destination = "/etc/headscale"
      }

      volume_mount {
        volume      = "headscale-data"
        destination = "/var/lib/headscale"
      }

      resources {
        memory = 512
      }
    }

    task "ui" {
      driver = "docker"

      config {
        image       = "ghcr.io/gurucomputing/headscale-ui:latest"
        extra_hosts = ["headscale:127.0.0.1", "ui:127.0.0.1"]
      }

      restart {
        attempts = 0
        mode     = "fail"
      }

      resources {
        memory = 512
      }
    }
  }
}
