job "nextcloud-aio" {
  datacenters = ["dc1"]
  type        = "service"

  group "nextcloud-aio" {
    network {
      mode = "bridge"

      port "http" {
        static = 80
        to     = 80
      }

      port "port8080" {
        static = 8080
        to     = 8080
      }

      port "port8443" {
        static = 8443
        to     = 8443
      }
    }

    volume "nextcloud-aio-mastercontainer-docker-aio-config" {
      type   = "host"
      source = "nextcloud-aio-mastercontainer-docker-aio-config"
    }

    restart {
      attempts = 3
      interval = "5m"
      delay    = "15s"
      mode     = "delay"
    }

    service {
      name     = "nextcloud-aio-mastercontainer"
      provider = "nomad"
      port     = "http"

      check {
        type     = "tcp"
        interval = "30s"
        timeout  = "5s"
      }
    }

    task "nextcloud-aio-mastercontainer" {
      driver = "docker"

      config {
        image        = "ghcr.io/nextcloud-releases/all-in-one:latest"
        security_opt = ["label=disable"]
        init         = true
      }

      env {
        APACHE_PORT            = "11000"
        NEXTCLOUD_MEMORY_LIMIT = "1024M"
        SKIP_DOMAIN_VALIDATION = "true"
      }

      volume_mount {
        volume      = "nextcloud-aio-mastercontainer-docker-aio-config"
        destination = "/mnt/docker-aio-config"
      }

      resources {
        memory = 512
      }
    }
  }
}
