job "pihole" {
  datacenters = ["dc1"]
  type        = "service"

  group "unbound" {
    network {
      mode = "bridge"
    }

    restart {
      attempts = 3
      interval = "5m"
      delay    = "15s"
      mode     = "delay"
    }

    service {
      name         = "unbound"
      provider     = "nomad"
      port         = "53"
      address_mode = "alloc"

      check {
        type         = "tcp"
        port         = "53"
        address_mode = "alloc"
        interval     = "90s"
        timeout      = "10s"
      }
    }

    task "unbound" {
      driver = "docker"

      config {
        image   = "mvance/unbound:1.22.0"
        volumes = ["local/unbound-conf:/opt/unbound/etc/unbound/unbound.conf:ro"]
      }

      template {
        data            = file("./unbound.conf")
        destination     = "local/unbound-conf"
        left_delimiter  = "<<%"
        right_delimiter = "%>>"
      }

      resources {
        memory = 512
      }
    }
  }

  group "pihole" {
    network {
      mode     = "bridge"
      hostname = "pihole"

      dns {
        servers = ["127.0.0.1"]
      }

      port "dns" {
        static = 53
        to     = 53
      }

      port "port67" {
        static = 67
        to     = 67
      }

      port "http" {
        static = 80
        to     = 80
      }
    }

    volume "pihole-config" {
      type   = "host"
      source = "pihole-config"
    }

    restart {
      attempts = 3
      interval = "5m"
      delay    = "15s"
      mode     = "delay"
    }

    service {
      name     = "pihole"
      provider = "nomad"
      port     = "http"

      check {
        type     = "tcp"
        interval = "30s"
        timeout  = "5s"
      }
    }

    task "pihole" {
      driver = "docker"

      config {
        image   = "pihole/pihole:latest"
        cap_add = ["net_admin", "sys_nice", "sys_time"]
      }

      env {
        FTLCONF_dns_upstreams = "172.28.0.3#53"
        TZ                    = "Europe/London"
      }

      template {
        data = <<EOT
{{- with nomadVar "nomad/jobs/pihole/pihole/pihole" }}
FTLCONF_webserver_api_password={{ .FTLCONF_webserver_api_password.Value | toJSON }}
{{- end }}
EOT
        destination = "secrets/env"
        env         = true
      }

      volume_mount {
        volume      = "pihole-config"
        destination = "/etc/pihole"
      }

      resources {
        memory = 512
      }
    }
  }
}
