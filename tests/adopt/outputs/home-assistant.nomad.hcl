job "homeassistant" {
  datacenters = ["dc1"]
  type        = "service"

  group "homeassistant" {
    network {
      mode = "host"

      port "port8123" {
        static = 8123
      }
    }

    volume "homeassistant-config" {
      type   = "host"
      source = "homeassistant-config"
    }

    restart {
      attempts = 3
      interval = "5m"
      delay    = "15s"
      mode     = "delay"
    }

    service {
      name     = "homeassistant"
      provider = "nomad"
      port     = "port8123"

      check {
        type     = "tcp"
        interval = "30s"
        timeout  = "5s"
      }
    }

    task "homeassistant" {
      driver = "docker"

      config {
        image        = "ghcr.io/home-assistant/home-assistant:stable"
        network_mode = "host"
        volumes      = ["/run/dbus:/run/dbus:ro"]
        devices = [
          { host_path = "/dev/serial/by-id/usb-ITead_Sonoff_Zigbee_3.0_USB_Dongle_Plus_abc-if00-port0", container_path = "/dev/ttyUSB0" },
        ]
      }

      env {
        TZ = "Europe/Berlin"
      }

      volume_mount {
        volume      = "homeassistant-config"
        destination = "/config"
      }

      resources {
        memory = 512
      }
    }
  }
}
